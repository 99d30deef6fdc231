"""House prices on Airflow's clock: learn from what was sold, check, score what is for sale, load the answers.

Works in the folder $HOUSES_HOME, which holds houses.json and train.py; psql finds the database through PGHOST,
PGDATABASE and the other usual variables. README.md ("Batch serving") says how to start, tests/integration/10-airflow runs it.
"""
import json
import os
from datetime import datetime, timedelta

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG


def task(name, commands, **options):
    # The operator's bash takes the last command's status only, unless it is told otherwise.
    return BashOperator(task_id=name, bash_command='set -euo pipefail\n' + commands, cwd=os.environ['HOUSES_HOME'],
                        execution_timeout=timedelta(minutes=30), **options)


with DAG('house_prices', schedule='@hourly', start_date=datetime(2026, 1, 1), catchup=False, max_active_runs=1):
    fit = task('fit', """
rm -rf candidate && mkdir candidate
psql -qc 'copy (select houses.*, medv from houses join sales using (id) order by id) to stdout csv header' > sold.csv
xgbpipe fit -s houses.json --keep id --label medv sold.csv -o candidate/spec.json
xgbpipe transform -s candidate/spec.json --keep medv sold.csv -o train.csv
python3 train.py train.csv sold.csv candidate/model.json known.csv
xgbpipe check -s candidate/spec.json --add known.csv -o candidate/spec.json
""")

    # The model goes live only when it serves what its trainer said.
    check = task('check', """
xgbpipe check -m candidate/model.json -s candidate/spec.json
rm -rf live && mv candidate live
""")

    # The query goes into a file first: piped, one that fails would look like one that finds nothing. The last line, and so
    # the XCom, is the summary. Status 99 is "skipped", which is what there is to do with no record.
    predict = task('predict', """
psql -qc 'copy (select * from houses where id not in (select id from sales union select id from predictions)
    order by id) to stdout csv header' > records.csv
xgbpipe -q -m live/model.json -s live/spec.json --keep id -o scored.csv --summary - --empty-exit 99 records.csv
""", output_processor=json.loads)

    load = task('load', """
psql -q -v ON_ERROR_STOP=1 --single-transaction <<'END'
create temp table scored (id text, price float4);
\\copy scored from scored.csv csv header
insert into predictions (id, price) select id, price from scored
    on conflict (id) do update set price = excluded.price, scored = now();
END
echo "{{ ti.xcom_pull('predict')['predictions'] }} predictions loaded"
""")

    fit >> check >> predict >> load
