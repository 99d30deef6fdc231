/*
 * test_data.c - feature and score batches, and the lookup of categories.
 */
#include "base/memory.h"
#include "data/feature_batch.h"
#include "data/schema.h"
#include "data/score_batch.h"
#include "unit/unit_test.h"

TEST(dense_batches_are_padded_and_aligned)
{
    struct feature_batch batch;
    CHECK(feature_batch_init(&batch, 65, 3));
    CHECK_INT(batch.row_capacity, 128);
    CHECK((uintptr_t)batch.values % 64 == 0);
    CHECK(feature_batch_column(&batch, 2) == batch.values + 256);
    feature_batch_column(&batch, 2)[127] = 1;
    feature_batch_release(&batch);
    CHECK(feature_batch_init(&batch, 0, 0));
    feature_batch_release(&batch);
    volatile size_t huge = SIZE_MAX / 2;
    CHECK(!feature_batch_init(&batch, huge, 8));
    feature_batch_release(&batch);
    CHECK(!feature_batch_init(&batch, SIZE_MAX, 1));
    feature_batch_release(&batch);
}

TEST(sparse_batches_keep_rows_apart)
{
    struct feature_batch batch;
    CHECK(feature_batch_init_sparse(&batch, 100, 1000));
    for (int again = 0; again < 2; again++) {
        for (uint32_t row = 0; row < 100; row++) {
            for (uint32_t i = 0; i < row; i++)
                CHECK(feature_batch_add_entry(&batch, i * 2, (float)(row + i)));
            feature_batch_end_row(&batch);
        }
        CHECK_INT(batch.row_count, 100);
        CHECK_INT(batch.row_begin[0], 0);
        CHECK_INT(batch.row_begin[100], 4950);
        CHECK_INT(batch.entry_count, 4950);
        CHECK_INT(batch.indices[batch.row_begin[7] + 3], 6);
        CHECK(batch.entries[batch.row_begin[7] + 3] == 10);
        feature_batch_clear(&batch);
        CHECK_INT(batch.row_count, 0);
    }
    feature_batch_release(&batch);
}

TEST(score_batches_take_any_shape)
{
    struct score_batch batch = {0};
    CHECK(score_batch_shape(&batch, 10, 3));
    batch.values[29] = 1;
    CHECK(score_batch_shape(&batch, 5, 100));
    batch.values[499] = 1;
    CHECK(score_batch_shape(&batch, 0, 4));
    CHECK(!score_batch_shape(&batch, SIZE_MAX / 2, 8));
    CHECK_INT(batch.column_count, 4);
    score_batch_release(&batch);
}

static struct category_list *list_of(const char *const *texts, int count, bool is_integer)
{
    struct category_list *list = memory_new(1, sizeof *list);
    list->is_integer = is_integer;
    list->count = (uint32_t)count;
    for (int i = 0; i < count; i++)
        CHECK(name_index_add(&list->text_index, span_of_text(texts[i]), i, NULL));
    return list;
}

TEST(text_categories_compare_byte_by_byte)
{
    static const char *const texts[] = {"Paris", "20", "", "20.0"};
    struct category_list *list = list_of(texts, 4, false);
    CHECK_INT(category_list_find(list, span_of_text("Paris"), false, 0), 0);
    CHECK_INT(category_list_find(list, span_of_text("paris"), false, 0), NAME_INDEX_NONE);
    CHECK_INT(category_list_find(list, span_of_text("20"), true, 20), 1);
    CHECK_INT(category_list_find(list, span_of_text("20.0"), true, 20), 3);
    CHECK_INT(category_list_find(list, span_of_text("2e1"), true, 20), NAME_INDEX_NONE);
    CHECK_INT(category_list_find(list, span_of_text(""), false, 0), 2);
    category_list_release(list);
    category_list_release(NULL);
}

TEST(integer_categories_compare_by_value)
{
    static const char *const texts[] = {"20", "-3", "0", "9007199254740993",
                                        "-9223372036854775808"};
    struct category_list *list = list_of(texts, 5, true);
    CHECK_INT(category_list_find(list, span_of_text("20"), true, 20), 0);
    CHECK_INT(category_list_find(list, span_of_text("20.0"), true, 20), 0);
    CHECK_INT(category_list_find(list, span_of_text("2e1"), true, 20), 0);
    CHECK_INT(category_list_find(list, span_of_text("+20"), true, 20), 0);
    CHECK_INT(category_list_find(list, span_of_text("-3.0"), true, -3), 1);
    CHECK_INT(category_list_find(list, span_of_text("-0"), true, -0.0), 2);
    CHECK_INT(category_list_find(list, span_of_text("20.5"), true, 20.5), NAME_INDEX_NONE);
    CHECK_INT(category_list_find(list, span_of_text("21"), true, 21), NAME_INDEX_NONE);
    CHECK_INT(category_list_find(list, span_of_text("x"), false, 20), NAME_INDEX_NONE);
    /* Beyond 2^53 only the text tells integers apart. */
    CHECK_INT(category_list_find(list, span_of_text("9007199254740993"), true, 9007199254740992.0),
              3);
    CHECK_INT(category_list_find(list, span_of_text("9007199254740992"), true, 9007199254740992.0),
              NAME_INDEX_NONE);
    CHECK_INT(category_list_find(list, span_of_text("-9223372036854775808"), true, -0x1p63), 4);
    CHECK_INT(category_list_find(list, span_of_text("1e300"), true, 1e300), NAME_INDEX_NONE);
    CHECK_INT(category_list_find(list, span_of_text("nan"), true, __builtin_nan("")),
              NAME_INDEX_NONE);
    category_list_release(list);
}

TEST(an_empty_schema_may_be_released)
{
    struct schema schema = {0};
    schema_release(&schema);
    schema.feature_count = 2;
    schema.features = memory_new(2, sizeof *schema.features);
    static const char *const texts[] = {"a"};
    schema.features[1].categories = list_of(texts, 1, false);
    schema.features[1].categories->texts = memory_new(1, sizeof(struct span));
    schema_release(&schema);
    CHECK(schema.features == NULL);
}

int main(void)
{
    RUN(dense_batches_are_padded_and_aligned);
    RUN(sparse_batches_keep_rows_apart);
    RUN(score_batches_take_any_shape);
    RUN(text_categories_compare_byte_by_byte);
    RUN(integer_categories_compare_by_value);
    RUN(an_empty_schema_may_be_released);
    return unit_test_done();
}
