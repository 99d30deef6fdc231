# Bash completion of xgbpipe: commands, options of the command, their words, files.
# The options are those of --help: tests/check.d/20-manual compares them.

_xgbpipe_options() {
    local model='--model --iterations --engine'
    local input='--spec --input-format --icsv --itsv --ijsonl --ilibsvm --delimiter --columns
        --no-header --null --missing-columns --allow-ragged --index-base --absent --output
        --lookup-cache --max-record'
    local general='--quiet --verbose --help --version'
    local running='--on-error --rejects --max-errors --threads --summary --progress --keep'
    local writing='--output-format --ocsv --otsv --ojsonl --oraw --output-header --no-output-header
        --keep-all --line-buffered --empty-exit'

    case $1 in
    predict) echo "$model $input $writing $running $general --features --unseen --base-margin --type
        --name --threshold --labels --min --max --nonfinite --round" ;;
    transform) echo "$input $writing $running $general --olibsvm --label" ;;
    fit) echo "$input $running $general --label --refit" ;;
    check) echo "$model $input $general --features --unseen --threads --add --exact" ;;
    inspect) echo "--model --json $general" ;;
    esac
}

_xgbpipe() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=predict
    local words

    COMPREPLY=()
    case ${COMP_WORDS[1]} in
    predict | transform | fit | check | inspect) [ "$COMP_CWORD" -eq 1 ] || command=${COMP_WORDS[1]} ;;
    esac
    case $before in
    -i | --input-format) words='auto csv tsv jsonl libsvm' ;;
    -O | --output-format)
        words='csv tsv jsonl raw'
        [ "$command" != transform ] || words+=' libsvm'
        ;;
    -t | --type) words='value margin class leaf contribs' ;;
    --unseen | --missing-columns) words='error missing' ;;
    --index-base) words='0 1' ;;
    --absent) words='missing zero' ;;
    --nonfinite) words='error null' ;;
    --iterations) words='best all' ;;
    --on-error) words='fail skip null' ;;
    --engine) words='auto native xgboost' ;;
    --progress) words='auto always never' ;;
    -d | --delimiter | --columns | --features | --null | --base-margin | --keep | --label | --name | \
        --threshold | --labels | --min | --max | --round | --max-errors | --threads | \
        --lookup-cache | --max-record | --empty-exit) return ;;
    -m | --model | -s | --spec | -o | --output | --rejects | --summary | --add) ;;
    *)
        if [[ $word == -* ]]; then
            words=$(_xgbpipe_options "$command")
        elif [ "$COMP_CWORD" -eq 1 ]; then
            words='predict transform fit check inspect help'
        elif [ "$before" = help ]; then
            words='predict transform fit check inspect'
        fi
        ;;
    esac
    if [ -n "$words" ]; then
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
    fi
    if [[ -z $words || ( $COMP_CWORD -eq 1 && $word != -* ) ]]; then
        mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$word")
    fi
}

complete -o filenames -F _xgbpipe xgbpipe
