/* Runs a fuzz harness over the files that are named, without libFuzzer: so that the normal
 * tests replay its seeds, with any compiler, under sanitizers. Prints `N passed, 0 failed`;
 * an input that fails ends the program, after its name was printed on standard error. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bytes are copied to a block of exactly their size, so that a read beyond is seen. */
static int replay(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) return -1;
    long size = ftell(file);
    if (size < 0 || fseek(file, 0, SEEK_SET) != 0) return -1;
    uint8_t *bytes = malloc(size > 0 ? (size_t)size : 1);
    if (bytes == NULL || fread(bytes, 1, (size_t)size, file) != (size_t)size) return -1;
    fclose(file);
    fprintf(stderr, "%s\n", path);
    LLVMFuzzerTestOneInput(bytes, (size_t)size);
    free(bytes);
    return 0;
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        if (replay(argv[i]) != 0) {
            fprintf(stderr, "replay: cannot read %s\n", argv[i]);
            return 2;
        }
    }
    printf("%d passed, 0 failed\n", argc - 1);
    return argc > 1 ? 0 : 2;
}
