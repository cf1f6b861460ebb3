/* Ids have the right suffix, may have 15 or 18 characters, and sort as their numbers. */
#include "tests/org/id.h"
#include "tap.h"

static const struct {
	const char *id15, *suffix;
} vectors[] = {
	{ "068C5000000yBlN", "IAU" },
	{ "069C5000000wSyP", "IAU" },
	{ "06AC50000019jAD", "MAY" },
	{ "005C8000003yL1e", "IAE" },
	{ "00558000001N0Ke", "AAK" },
	{ "70130000001tcyI", "AAQ" },
	{ "a0BA0000000L2ZC", "MA0" },
	{ "AaaAABbbBBCccCC", "ZZZ" },
	{ "001D000000IRFma", "IAH" },
	{ "015D0000000N3ZZ", "IA0" },
};

static const char *const bad[] = {
	"",
	"068",
	"068C5000000yBlNIA",
	"068C5000000yBlNIAUX",
	"068C5000000yBlNIAV",
	"068C5000000yBl'",
	"068C5000000yB lN",
	"068C5000000yBlNiau",
};

static void
check_vectors(void)
{
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		char suffix[4] = "", id[ID_SIZE] = "", again[ID_SIZE] = "";

		id_suffix(vectors[i].id15, suffix);
		is_str(suffix, vectors[i].suffix, vectors[i].id15);
		ok(id_parse(vectors[i].id15, 15, id), "15 characters are an id");
		ok(id_parse(id, 18, again) && strcmp(id, again) == 0,
		    "the 18 characters of the id are an id");
	}
}

static void
check_order(void)
{
	char last[ID_SIZE], id[ID_SIZE];
	uint64_t n,
	    numbers[] = { 0, 1, 9, 10, 35, 36, 61, 62, 3843, 3844, 999999, 1000000, 99999999 };

	id_make("069", 0, last);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		id_make("069", numbers[i], id);
		ok(id_number(id, "069", &n) && n == numbers[i], "%s is the id of %llu", id,
		    (unsigned long long)numbers[i]);
		ok(i == 0 || strcmp(last, id) < 0, "ids are in the order of their numbers");
		ok(id_lower_bound(id, "069") == numbers[i], "an id is its own lower bound");
		memcpy(last, id, sizeof(last));
	}
	ok(!id_number(id, "068", &n), "an id of another object has no number");
	is_int((long long)id_lower_bound("069000000000000", "069"), 0, "the least id is below all");
	is_int((long long)id_lower_bound("068zzzzzzzzzzzz", "069"), 0,
	    "an id of an object before it is below all");
	ok(id_lower_bound("06A000000000000", "069") == UINT64_MAX,
	    "an id of an object behind it is above all");
	ok(id_lower_bound("069zzzzzzzzzzzz", "069") > 99999999, "the greatest id is above all");
}

int
main(void)
{
	char id[ID_SIZE];

	check_vectors();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!id_parse(bad[i], strlen(bad[i]), id), "'%s' is no id", bad[i]);
	check_order();
	return tap_done();
}
