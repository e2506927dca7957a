/* Gives a fuzzer's function each file named, once: what it once found stays found. */
#include "tap.h"
#include <errno.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return ok(false, "%s: %s", path, strerror(errno));
    uint8_t *data = NULL;
    size_t size = 0, room = 0, got = 1;
    while (got > 0) {
        if (size == room && !(data = realloc(data, room += 65536)))
            abort();
        got = fread(data + size, 1, room - size, file);
        size += got;
    }
    fclose(file);
    /* A block of the exact size lets the address sanitizer see one byte too far. */
    uint8_t *exact = malloc(size);
    if (size)
        memcpy(exact, data, size);
    free(data);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    return ok(true, "%s, %zu bytes", path, size);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        ok(false, "no corpus: t/fuzz/corpus has a folder of inputs for each fuzzer");
    for (int i = 1; i < argc; i++)
        replay(argv[i]);
    return plan_done();
}
