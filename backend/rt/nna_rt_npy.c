/* Arrays in NumPy's file format, versions 1 to 3.
 *
 * A file is hostile: its header has a small fixed grammar here, and nothing is allocated by a size
 * that the length of the file does not confirm. */
#include "backend/rt/nna_rt_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEADER_BYTES = 10000, MOST_DIMS = 8, DESCR_BYTES = 16 };

/* What `descr` calls an element type. bfloat16 has no name of its own there. */
static const struct {
    const char *descr;
    int32_t dtype;
} descriptions[] = {
    {"<f2", NNA_RT_F16}, {"<V2", NNA_RT_BF16}, {"<f4", NNA_RT_F32}, {"<f8", NNA_RT_F64},
    {"|i1", NNA_RT_I8},  {"<i2", NNA_RT_I16},  {"<i4", NNA_RT_I32}, {"<i8", NNA_RT_I64},
    {"|u1", NNA_RT_U8},  {"<u2", NNA_RT_U16},  {"<u4", NNA_RT_U32}, {"<u8", NNA_RT_U64},
    {"|b1", NNA_RT_BOOL},
};
enum { DESCRIPTION_COUNT = sizeof descriptions / sizeof *descriptions };

typedef struct Reader {
    const char *path;
    nna_rt_text *message;
    int descriptor;
    char header[HEADER_BYTES + 1];
    const char *at, *end; /* in the header */
    char descr[DESCR_BYTES];
    bool fortran_order, has_descr, has_order, has_shape;
    nna_rt_array array;
} Reader;

static bool fail(Reader *r, const char *what) {
    nna_rt_put(r->message, "%s: %s", r->path, what);
    return false;
}

static bool fail_system(const char *path, const char *doing, nna_rt_text *message) {
    nna_rt_put(message, "%s: cannot %s: %s", path, doing, strerror(errno));
    return false;
}

/* Reads exactly so many bytes. */
static bool read_all(Reader *r, void *into, size_t size) {
    char *at = into;
    while (size > 0) {
        ssize_t got = read(r->descriptor, at, size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail_system(r->path, "read", r->message);
        if (got == 0) return fail(r, "the file ends too early");
        at += got;
        size -= (size_t)got;
    }
    return true;
}

/* ---- The header: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 1, 8, 8), } */

static void skip_blanks(Reader *r) {
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\n')) r->at++;
}

static bool take(Reader *r, const char *text) {
    skip_blanks(r);
    size_t length = strlen(text);
    if ((size_t)(r->end - r->at) < length || memcmp(r->at, text, length) != 0) return false;
    r->at += length;
    return true;
}

static bool take_string(Reader *r, char *out, size_t size) {
    skip_blanks(r);
    if (r->at == r->end || (*r->at != '\'' && *r->at != '"')) return false;
    char quote = *r->at++;
    size_t length = 0;
    for (; r->at < r->end && *r->at != quote; r->at++) {
        bool is_plain = *r->at >= ' ' && *r->at < 127 && *r->at != '\\';
        if (length + 1 == size || !is_plain) return false;
        out[length++] = *r->at;
    }
    out[length] = '\0';
    return r->at++ < r->end;
}

static bool take_number(Reader *r, int64_t *out) {
    skip_blanks(r);
    const char *start = r->at;
    *out = 0;
    for (; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++) {
        if (__builtin_mul_overflow(*out, 10, out) ||
            __builtin_add_overflow(*out, *r->at - '0', out)) {
            return false;
        }
    }
    return r->at > start;
}

static bool take_shape(Reader *r) {
    if (!take(r, "(")) return false;
    while (!take(r, ")")) {
        if (r->array.rank == MOST_DIMS) return false;
        if (!take_number(r, &r->array.dims[r->array.rank])) return false;
        r->array.rank++;
        if (take(r, ",")) continue;
        /* One number alone needs its comma: (3) is a number in Python. */
        return r->array.rank > 1 && take(r, ")");
    }
    return true;
}

static bool take_entry(Reader *r) {
    char key[DESCR_BYTES];
    if (!take_string(r, key, sizeof key) || !take(r, ":")) return false;
    if (strcmp(key, "descr") == 0 && !r->has_descr) {
        r->has_descr = true;
        return take_string(r, r->descr, sizeof r->descr);
    }
    if (strcmp(key, "fortran_order") == 0 && !r->has_order) {
        r->has_order = true;
        r->fortran_order = take(r, "True");
        return r->fortran_order || take(r, "False");
    }
    if (strcmp(key, "shape") == 0 && !r->has_shape) {
        r->has_shape = true;
        return take_shape(r);
    }
    return false;
}

static bool take_header(Reader *r) {
    if (!take(r, "{")) return false;
    while (!take(r, "}")) {
        if (!take_entry(r)) return false;
        if (take(r, ",")) continue;
        if (!take(r, "}")) return false;
        break;
    }
    skip_blanks(r);
    return r->at == r->end && r->has_descr && r->has_order && r->has_shape;
}

static bool read_header(Reader *r, int64_t *length) {
    unsigned char start[12];
    if (!read_all(r, start, 8)) return false;
    if (memcmp(start, "\x93NUMPY", 6) != 0) return fail(r, "not a .npy file");
    if (start[6] < 1 || start[6] > 3 || start[7] != 0) {
        nna_rt_put(r->message, "%s: version %d.%d of the .npy format; 1.0 to 3.0 can be read",
                   r->path, start[6], start[7]);
        return false;
    }
    size_t width = start[6] == 1 ? 2 : 4;
    if (!read_all(r, start + 8, width)) return false;
    uint32_t size = (uint32_t)start[8] | (uint32_t)start[9] << 8;
    if (width == 4) size |= (uint32_t)start[10] << 16 | (uint32_t)start[11] << 24;
    if (size > HEADER_BYTES) {
        nna_rt_put(r->message, "%s: a header of %" PRIu32 " bytes; at most %d are read", r->path,
                   size, HEADER_BYTES);
        return false;
    }
    if (!read_all(r, r->header, size)) return false;
    r->at = r->header;
    r->end = r->header + size;
    *length = 8 + (int64_t)width + size;
    if (take_header(r)) return true;
    nna_rt_put(r->message, "%s: malformed header, near its byte %d", r->path,
               (int)(r->at - r->header));
    return false;
}

static bool find_type(Reader *r) {
    for (int i = 0; i < DESCRIPTION_COUNT; i++) {
        if (strcmp(r->descr, descriptions[i].descr) != 0) continue;
        r->array.dtype = descriptions[i].dtype;
        break;
    }
    if (r->array.dtype == 0) {
        nna_rt_put(r->message, "%s: elements of type '%s' cannot be read", r->path, r->descr);
        if (r->descr[0] == '>') {
            nna_rt_put(r->message, ": big-endian; convert them with a.astype('<%s')",
                       r->descr + 1);
        }
        return false;
    }
    if (!r->fortran_order) return true;
    return fail(r, "the array is in Fortran order; convert it with numpy.ascontiguousarray(a)");
}

/* The length of the file must be what the header says, to the byte. */
static bool check_length(Reader *r, int64_t header, int64_t file) {
    int64_t count, size;
    if (!nna_rt_count(r->array.rank, r->array.dims, &count) ||
        __builtin_mul_overflow(count, (int64_t)nna_rt_bytes(r->array.dtype), &size)) {
        return fail(r, "the shape in the header is too large");
    }
    if (file - header == size) return true;
    nna_rt_put(r->message, "%s: the header says ", r->path);
    nna_rt_put_dims(r->message, r->array.rank, r->array.dims);
    nna_rt_put(r->message, " of %s, %" PRId64 " bytes; the file has %" PRId64,
               nna_rt_dtype_name(r->array.dtype), size, file - header);
    return false;
}

static bool check_bools(Reader *r, int64_t size) {
    const unsigned char *data = r->array.data;
    if (r->array.dtype != NNA_RT_BOOL) return true;
    for (int64_t i = 0; i < size; i++) {
        if (data[i] <= 1) continue;
        nna_rt_put(r->message, "%s: element %" PRId64 " is the byte %d, neither true nor false",
                   r->path, i, data[i]);
        return false;
    }
    return true;
}

static bool read_file(Reader *r) {
    struct stat info;
    if (fstat(r->descriptor, &info) != 0) return fail_system(r->path, "read", r->message);
    if (S_ISDIR(info.st_mode)) return fail(r, "it is a directory");
    if (!S_ISREG(info.st_mode)) return fail(r, "not a regular file");
    int64_t header;
    if (!read_header(r, &header) || !find_type(r) || !check_length(r, header, info.st_size)) {
        return false;
    }
    int64_t size = info.st_size - header;
    r->array.data = nna_rt_allocate(size);
    if (r->array.data == NULL) return fail(r, "out of memory");
    return read_all(r, r->array.data, (size_t)size) && check_bools(r, size);
}

bool nna_rt_npy_read(const char *path, nna_rt_array *out, nna_rt_text *message) {
    *out = (nna_rt_array){0};
    int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (descriptor < 0) return fail_system(path, "read", message);
    Reader *r = calloc(1, sizeof *r);
    bool done = r != NULL;
    if (done) {
        r->path = path;
        r->message = message;
        r->descriptor = descriptor;
        done = read_file(r);
        if (done) *out = r->array;
        else free(r->array.data);
    } else {
        nna_rt_put(message, "%s: out of memory", path);
    }
    free(r);
    close(descriptor);
    return done;
}

/* ---- Writing */

static const char *description_of(int32_t dtype) {
    int i = 0;
    while (descriptions[i].dtype != dtype) i++;
    return descriptions[i].descr;
}

static bool write_all(int descriptor, const void *bytes, size_t size) {
    const char *at = bytes;
    while (size > 0) {
        ssize_t written = write(descriptor, at, size);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        at += written;
        size -= (size_t)written;
    }
    return true;
}

/* Magic, version, length and a header that ends at a multiple of 64. */
static size_t make_header(char *out, size_t room, int32_t dtype, int32_t rank,
                          const int64_t *dims) {
    nna_rt_text text = {out, room, 0};
    nna_rt_put(&text, "\x93NUMPY\x01___{'descr': '%s', 'fortran_order': False, 'shape': (",
               description_of(dtype));
    for (int32_t i = 0; i < rank; i++) nna_rt_put(&text, "%" PRId64 ",", dims[i]);
    nna_rt_put(&text, "), }");
    while (text.length % 64 != 63) nna_rt_put(&text, " ");
    nna_rt_put(&text, "\n");
    out[7] = 0;
    out[8] = (char)((text.length - 10) & 0xff);
    out[9] = (char)((text.length - 10) >> 8);
    return text.length;
}

/* Not brought to the disk at once: that would take longer than the answer itself. */
char *nna_rt_npy_write(const char *path, int32_t dtype, int32_t rank, const int64_t *dims,
                       const void *data, nna_rt_text *message) {
    char header[512];
    int64_t count = 0;
    struct stat info;
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) {
        /* Renamed over, it would be gone. */
        nna_rt_put(message, "%s: cannot write: not a regular file", path);
        return NULL;
    }
    nna_rt_count(rank, dims, &count);
    size_t length = make_header(header, sizeof header, dtype, rank, dims);
    size_t room = strlen(path) + 16;
    char *name = calloc(room, 1);
    if (name == NULL) {
        nna_rt_put(message, "%s: out of memory", path);
        return NULL;
    }
    const char *slash = strrchr(path, '/');
    int folder = slash == NULL ? 0 : (int)(slash - path) + 1;
    snprintf(name, room, "%.*s.%s.XXXXXX", folder, path, path + folder);
    int descriptor = mkstemp(name);
    if (descriptor >= 0) {
        mode_t mask = umask(0);
        umask(mask);
        bool good = write_all(descriptor, header, length) &&
                    write_all(descriptor, data, (size_t)count * nna_rt_bytes(dtype)) &&
                    fchmod(descriptor, 0666 & ~mask) == 0;
        int error = errno;
        if (close(descriptor) == 0 && good) return name;
        if (good) error = errno;
        unlink(name);
        errno = error;
    }
    fail_system(path, "write", message);
    free(name);
    return NULL;
}
