/* A multipart body is parsed exactly. A malformed one is refused, also one that ends too early. */
#include <stdlib.h>

#include "tests/org/multipart.h"
#include "tap.h"

#define JSON_PART                                                                                  \
	"--b\r\nContent-Disposition: form-data; name=\"e\"\r\n"                                    \
	"Content-Type: application/json\r\n\r\n{}"
#define FILE_HEAD                                                                                  \
	"--b\r\ncontent-type: x\r\ncontent-disposition: form-data; name=\"VersionData\"; "         \
	"filename=\"f\"\r\n\r\n"

static const struct {
	const char *type, *boundary;	/* NULL: none */
} types[] = {
	{ "multipart/form-data; boundary=abc", "abc" },
	{ "Multipart/Form-Data; charset=x; boundary=\"a b;c\"; y=z", "a b;c" },
	{ "multipart/form-data; boundary=abc; x", "abc" },
	{ "multipart/form-data", NULL },
	{ "multipart/form-data; boundary=", NULL },
	{ "multipart/form-data; "
	    "boundary=0123456789012345678901234567890123456789012345678901234567890123456789X",
	    NULL },
	{ "multipart/mixed; boundary=abc", NULL },
	{ "application/json", NULL },
	{ NULL, NULL },
};

static const struct {
	const char *what, *body;
	int count;
	const char *last;	/* bytes of the last part */
} bodies[] = {
	{ "two parts", JSON_PART "\r\n" FILE_HEAD "bytes\r\n--b--\r\n", 2, "bytes" },
	{ "an empty part", JSON_PART "\r\n" FILE_HEAD "\r\n--b--", 2, "" },
	{ "line ends and dashes in the bytes",
	    JSON_PART "\r\n" FILE_HEAD "\r\n--\r\n--a\r\n\r\n--b--\r\n", 2, "\r\n--\r\n--a\r\n" },
	{ "one part", JSON_PART "\r\n--b--", 1, "{}" },
	{ "none", "--b--", 0, NULL },
	{ "three parts", JSON_PART "\r\n" JSON_PART "\r\n" JSON_PART "\r\n--b--", -1, NULL },
	{ "no end", JSON_PART "\r\n" FILE_HEAD "bytes", -1, NULL },
	{ "another boundary", "--c\r\n\r\n--c--", -1, NULL },
	{ "a part without a name",
	    "--b\r\nContent-Disposition: form-data\r\nContent-Type: x\r\n\r\ny\r\n--b--", -1,
	    NULL },
	{ "a part without a type",
	    "--b\r\nContent-Disposition: form-data; name=\"e\"\r\n\r\ny\r\n--b--", -1, NULL },
	{ "a part without headers", "--b\r\n\r\ny\r\n--b--", -1, NULL },
	{ "nothing", "", -1, NULL },
};

int
main(void)
{
	struct part parts[2];
	char boundary[72];

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		is_str(multipart_boundary(types[i].type, boundary) ? boundary : NULL,
		    types[i].boundary, types[i].type ? types[i].type : "no type");
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		int n = multipart_parse(bodies[i].body, strlen(bodies[i].body), "b", parts, 2);

		is_int(n, bodies[i].count, bodies[i].what);
		if (n > 0 && bodies[i].last)
			ok(parts[n - 1].len == strlen(bodies[i].last) &&
				memcmp(parts[n - 1].bytes, bodies[i].last, parts[n - 1].len) == 0,
			    "the last part has its bytes");
	}
	multipart_parse(bodies[0].body, strlen(bodies[0].body), "b", parts, 2);
	is_str(parts[1].name, "VersionData", "a part has its name");
	ok(!parts[0].has_file && parts[1].has_file, "a part knows whether it is a file");

	/* In memory of exactly its size, so that a sanitizer sees a read after it. */
	size_t all = strlen(bodies[0].body);
	bool good = true;
	for (size_t len = 0; len < all; len++) {
		char *copy = malloc(len + 1);

		if (!copy)
			return 1;
		copy = realloc(memcpy(copy, bodies[0].body, len), len ? len : 1);
		int n = multipart_parse(copy, len, "b", parts, 2);

		/* The line end after the last boundary may be missing. */
		good = good && (n == -1 || (n == 2 && len >= all - 2));
		free(copy);
	}
	ok(good, "a body that ends too early is refused");
	return tap_done();
}
