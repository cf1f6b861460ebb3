#include "login_page.h"

static const char head[] =
    "<!doctype html>\n"
    "<html lang=\"en\">\n"
    "<head>\n"
    "<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n"
    "<link rel=\"icon\" href=\"data:,\">\n"
    "<title>";

static const char style[] =
    "</title>\n"
    "<style>\n"
    "body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 18vh auto 0;\n"
    "  padding: 0 1.5rem }\n"
    "main { padding: .2rem 0 .2rem 1.2rem; border-left: .3rem solid }\n"
    "h1 { font-size: 1.6rem; font-weight: 600; line-height: 1.2; margin: 0 0 .6rem }\n"
    "p { margin: 0; overflow-wrap: anywhere }\n"
    ".good { border-color: #2e844a }\n"
    ".bad { border-color: #d8343a }\n"
    "</style>\n"
    "</head>\n"
    "<body>\n";

static void
put_text(struct buf *out, const char *s)
{
	for (; *s; s++) {
		switch (*s) {
		case '&': buf_puts(out, "&amp;"); break;
		case '<': buf_puts(out, "&lt;"); break;
		case '>': buf_puts(out, "&gt;"); break;
		case '"': buf_puts(out, "&quot;"); break;
		default: buf_putc(out, *s);
		}
	}
}

void
login_page(struct buf *out, bool good, const char *title, const char *text)
{
	buf_puts(out, head);
	put_text(out, title);
	buf_puts(out, style);
	buf_printf(out, "<main class=\"%s\">\n<h1>", good ? "good" : "bad");
	put_text(out, title);
	buf_puts(out, "</h1>\n<p>");
	put_text(out, text);
	buf_puts(out, "</p>\n</main>\n</body>\n</html>\n");
}
