/*
 * A device: connects, shows its token, prints each message and acknowledges it, and comes back.
 *
 *     cc -std=c11 -O2 -Wall -Wextra -o device device.c
 *     ./device HOST PORT TOKEN DEVICE [COUNT]
 *
 * It needs nothing but POSIX: a small client of RFC 6455 over a plain socket (what is between a device and a hub on
 * the internet is TLS, which stands before it). A message is printed as its id, a space and its text as JSON. With
 * COUNT it ends after so many messages.
 */

#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { TEXT = 0x1, CLOSE = 0x8, PING = 0x9, PONG = 0xA };
enum { FRAME_BYTES_MAX = 16 * 1024 * 1024, SEEN_MAX = 4096, ID_BYTES = 32 };

/* What became of a connection. */
enum end { DONE, AGAIN, FOR_GOOD };

struct ws {
    int fd;
    unsigned char in[4096];
    size_t from, to;
};

struct device {
    const char *host, *port, *token, *id;
    long left; /* -1: without end */
    /* Ids of messages that were printed: one may come twice. */
    char seen[SEEN_MAX][ID_BYTES + 1];
    size_t seen_next;
};

/* ---- SHA-1 and base64, for the handshake ---- */

static uint32_t rotl(uint32_t x, int n) { return x << n | x >> (32 - n); }

static void sha1(const unsigned char *data, size_t size, unsigned char out[20])
{
    uint32_t h[5] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
    unsigned char block[64];
    size_t padded = (size + 8) / 64 * 64 + 64;
    for (size_t at = 0; at < padded; at += 64) {
        uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
        for (size_t i = 0; i < 64; i++) {
            size_t place = at + i;
            if (place < size)
                block[i] = data[place];
            else if (place == size)
                block[i] = 0x80;
            else if (place >= padded - 8)
                block[i] = (unsigned char)((uint64_t)size * 8 >> 8 * (padded - 1 - place));
            else
                block[i] = 0;
        }
        for (int i = 0; i < 16; i++)
            w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16
                | (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
        for (int i = 16; i < 80; i++)
            w[i] = rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
        for (int i = 0; i < 80; i++) {
            uint32_t f, k;
            if (i < 20)
                f = (b & c) | (~b & d), k = 0x5A827999;
            else if (i < 40)
                f = b ^ c ^ d, k = 0x6ED9EBA1;
            else if (i < 60)
                f = (b & c) | (b & d) | (c & d), k = 0x8F1BBCDC;
            else
                f = b ^ c ^ d, k = 0xCA62C1D6;
            uint32_t next = rotl(a, 5) + f + e + k + w[i];
            e = d, d = c, c = rotl(b, 30), b = a, a = next;
        }
        h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e;
    }
    for (int i = 0; i < 20; i++)
        out[i] = (unsigned char)(h[i / 4] >> (24 - 8 * (i % 4)));
}

static void base64(const unsigned char *data, size_t size, char *out)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t at = 0; at < size; at += 3) {
        uint32_t three = (uint32_t)data[at] << 16;
        three |= at + 1 < size ? (uint32_t)data[at + 1] << 8 : 0;
        three |= at + 2 < size ? data[at + 2] : 0;
        *out++ = digits[three >> 18 & 63];
        *out++ = digits[three >> 12 & 63];
        *out++ = at + 1 < size ? digits[three >> 6 & 63] : '=';
        *out++ = at + 2 < size ? digits[three & 63] : '=';
    }
    *out = 0;
}

static int randomly(unsigned char *out, size_t size)
{
    int fd = open("/dev/urandom", O_RDONLY);
    if (fd < 0)
        return -1;
    ssize_t got = read(fd, out, size);
    close(fd);
    return got == (ssize_t)size ? 0 : -1;
}

/* ---- a WebSocket; all functions give -1 when the connection is of no use any more ---- */

static int write_all(int fd, const void *data, size_t size)
{
    const char *from = data;
    while (size > 0) {
        ssize_t sent = send(fd, from, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return -1;
        from += sent, size -= (size_t)sent;
    }
    return 0;
}

static int read_some(struct ws *ws, void *out, size_t size)
{
    unsigned char *to = out;
    while (size > 0) {
        if (ws->from == ws->to) {
            ssize_t got = recv(ws->fd, ws->in, sizeof ws->in, 0);
            if (got < 0 && errno == EINTR)
                continue;
            if (got <= 0)
                return -1;
            ws->from = 0, ws->to = (size_t)got;
        }
        size_t some = ws->to - ws->from < size ? ws->to - ws->from : size;
        memcpy(to, ws->in + ws->from, some);
        ws->from += some, to += some, size -= some;
    }
    return 0;
}

/* A line of the handshake, without its end. */
static int read_line(struct ws *ws, char *out, size_t size)
{
    size_t length = 0;
    char c;
    for (;;) {
        if (read_some(ws, &c, 1) < 0 || length + 1 >= size)
            return -1;
        if (c == '\n')
            break;
        if (c != '\r')
            out[length++] = c;
    }
    out[length] = 0;
    return 0;
}

static int ws_send(struct ws *ws, int opcode, const char *payload, size_t size)
{
    unsigned char *frame = malloc(size + 14), mask[4];
    size_t head = 2;
    int sent = -1;
    if (frame == NULL || randomly(mask, sizeof mask) < 0)
        goto end;
    frame[0] = (unsigned char)(0x80 | opcode);
    if (size < 126) {
        frame[1] = (unsigned char)(0x80 | size);
    } else {
        int bytes = size < 65536 ? 2 : 8;
        frame[1] = 0x80 | (bytes == 2 ? 126 : 127);
        while (bytes-- > 0)
            frame[head++] = (unsigned char)((uint64_t)size >> 8 * bytes);
    }
    memcpy(frame + head, mask, 4);
    head += 4;
    for (size_t at = 0; at < size; at++)
        frame[head + at] = (unsigned char)payload[at] ^ mask[at % 4];
    sent = write_all(ws->fd, frame, head + size);
end:
    free(frame);
    return sent;
}

/* The next text, which is the caller's to free; NULL when the connection has ended, with the code if it was told. */
static char *ws_receive(struct ws *ws, int *code)
{
    char *text = NULL;
    size_t length = 0;
    *code = 0;
    for (;;) {
        unsigned char head[2], more[8];
        if (read_some(ws, head, 2) < 0)
            break;
        uint64_t size = head[1] & 0x7F;
        int opcode = head[0] & 0x0F, extra = size == 126 ? 2 : size == 127 ? 8 : 0;
        if (extra > 0) {
            if (read_some(ws, more, (size_t)extra) < 0)
                break;
            size = 0;
            for (int i = 0; i < extra; i++)
                size = size << 8 | more[i];
        }
        if (size + length > FRAME_BYTES_MAX)
            break;
        if (opcode >= CLOSE) {
            unsigned char control[125];
            if (size > sizeof control || read_some(ws, control, (size_t)size) < 0)
                break;
            if (opcode == CLOSE) {
                *code = size >= 2 ? control[0] << 8 | control[1] : 1005;
                (void)ws_send(ws, CLOSE, (char *)control, size >= 2 ? 2 : 0);
                break;
            }
            if (opcode == PING && ws_send(ws, PONG, (char *)control, (size_t)size) < 0)
                break;
            continue;
        }
        char *longer = realloc(text, length + (size_t)size + 1);
        if (longer == NULL)
            break;
        text = longer;
        if (read_some(ws, text + length, (size_t)size) < 0)
            break;
        length += (size_t)size;
        text[length] = 0;
        if (head[0] & 0x80)
            return text;
    }
    free(text);
    return NULL;
}

static int connect_to(const char *host, const char *port)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found, *one;
    int fd = -1;
    if (getaddrinfo(host, port, &hints, &found) != 0)
        return -1;
    for (one = found; one != NULL; one = one->ai_next) {
        fd = socket(one->ai_family, one->ai_socktype, one->ai_protocol);
        if (fd >= 0 && connect(fd, one->ai_addr, one->ai_addrlen) == 0)
            break;
        if (fd >= 0)
            close(fd);
        fd = -1;
    }
    freeaddrinfo(found);
    /* The hub pings more often than that: who hears nothing for so long is cut off. */
    struct timeval patience = {.tv_sec = 90};
    if (fd >= 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return fd;
}

static int ws_open(struct ws *ws, const char *host, const char *port)
{
    unsigned char nonce[16], digest[20];
    char key[25], proof[80], accept[29], line[1024];
    ws->from = ws->to = 0;
    ws->fd = connect_to(host, port);
    if (ws->fd < 0 || randomly(nonce, sizeof nonce) < 0)
        return -1;
    base64(nonce, sizeof nonce, key);
    int length = snprintf(line, sizeof line,
        "GET /device/ws HTTP/1.1\r\nHost: %s:%s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n\r\n", host, port, key);
    if (length < 0 || (size_t)length >= sizeof line || write_all(ws->fd, line, (size_t)length) < 0)
        return -1;
    snprintf(proof, sizeof proof, "%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
    sha1((unsigned char *)proof, strlen(proof), digest);
    base64(digest, sizeof digest, accept);
    if (read_line(ws, line, sizeof line) < 0 || strncmp(line, "HTTP/1.1 101 ", 13) != 0)
        return -1;
    int is_accepted = 0;
    for (;;) {
        if (read_line(ws, line, sizeof line) < 0)
            return -1;
        if (line[0] == 0)
            return is_accepted ? 0 : -1;
        char *value = strchr(line, ':');
        if (value == NULL)
            continue;
        *value++ = 0;
        value += strspn(value, " \t");
        if (strcasecmp(line, "sec-websocket-accept") == 0)
            is_accepted = strcmp(value, accept) == 0;
    }
}

/* ---- JSON that is known to be whole: values are found, and not built ---- */

static const char *after_space(const char *at) { return at + strspn(at, " \t\r\n"); }

/* Past a value: a string ends at the first quote that is not escaped, anything else at its last bracket. */
static const char *after_value(const char *at)
{
    int depth = 0;
    at = after_space(at);
    do {
        if (*at == '"') {
            for (at++; *at != 0 && *at != '"'; at++)
                if (*at == '\\' && at[1] != 0)
                    at++;
        } else if (*at == '{' || *at == '[') {
            depth++;
        } else if (*at == '}' || *at == ']') {
            depth--;
        }
        if (*at == 0)
            return at;
        at++;
    } while (depth > 0 || (*at != 0 && strchr(",:]} \t\r\n", *at) == NULL));
    return at;
}

/* The value of a member of an object; NULL if it has none of that name. */
static const char *member(const char *object, const char *name)
{
    size_t length = strlen(name);
    object = after_space(object);
    if (*object != '{')
        return NULL;
    for (const char *at = after_space(object + 1); *at == '"';) {
        int is_it = strncmp(at + 1, name, length) == 0 && at[1 + length] == '"';
        at = after_space(after_value(at));
        if (*at != ':')
            return NULL;
        at = after_space(at + 1);
        if (is_it)
            return at;
        at = after_space(after_value(at));
        if (*at == ',')
            at = after_space(at + 1);
    }
    return NULL;
}

/* Whether a value is this string. */
static int is_string(const char *value, const char *text)
{
    size_t length = strlen(text);
    return value != NULL && value[0] == '"' && strncmp(value + 1, text, length) == 0
        && value[1 + length] == '"';
}

/* ---- the device ---- */

static int is_new(struct device *device, const char *id)
{
    for (size_t i = 0; i < SEEN_MAX; i++)
        if (strcmp(device->seen[i], id) == 0)
            return 0;
    memcpy(device->seen[device->seen_next], id, ID_BYTES + 1);
    device->seen_next = (device->seen_next + 1) % SEEN_MAX;
    return 1;
}

/* Prints messages from a place in their list on, the last first: the newest comes first. */
static void print_from(struct device *device, const char *at)
{
    if (*at != '{')
        return;
    const char *next = after_space(after_value(at));
    if (*next == ',')
        print_from(device, after_space(next + 1));
    const char *id = member(at, "msgId"), *data = member(at, "data");
    char text[ID_BYTES + 1];
    if (id == NULL || data == NULL || strlen(id) < ID_BYTES + 2)
        return;
    memcpy(text, id + 1, ID_BYTES);
    text[ID_BYTES] = 0;
    if (!is_new(device, text))
        return;
    printf("%s %.*s\n", text, (int)(after_value(data) - data), data);
    fflush(stdout);
    if (device->left > 0)
        device->left--;
}

static int acknowledge(struct ws *ws, const char *list)
{
    static const char head[] = "{\"action\":\"ackMsgs\",\"body\":{\"msgIds\":[";
    /* Each id is in the frame that is acknowledged, with more around it. */
    char *frame = malloc(strlen(list) + sizeof head + 8), *to = frame;
    int sent = -1;
    if (frame == NULL)
        return -1;
    to += sprintf(to, "%s", head);
    for (const char *at = after_space(list + 1); *at == '{';) {
        const char *id = member(at, "msgId");
        if (id != NULL)
            to += sprintf(to, "%s%.*s", to[-1] == '[' ? "" : ",", (int)(after_value(id) - id), id);
        at = after_space(after_value(at));
        if (*at == ',')
            at = after_space(at + 1);
    }
    to += sprintf(to, "]}}");
    sent = ws_send(ws, TEXT, frame, (size_t)(to - frame));
    free(frame);
    return sent;
}

/* Handles a frame; 1 if it answers our goodbye, -1 if nothing can be sent. */
static int hear(struct device *device, struct ws *ws, const char *frame)
{
    const char *action = member(frame, "action"), *body = member(frame, "body");
    const char *list = body == NULL ? NULL : member(body, "msgs");
    if (is_string(action, "onMsgReceived") && list != NULL && *list == '[') {
        print_from(device, after_space(list + 1));
        return acknowledge(ws, list);
    }
    fprintf(stderr, "%s\n", frame);
    return is_string(action, "onSendUpstreamMsgResult") && is_string(member(body, "umi"), "bye");
}

/* One connection, from its first frame to its last. */
static enum end live(struct device *device)
{
    static const char bye[] =
        "{\"action\":\"sendUpstreamMsg\",\"body\":{\"data\":\"bye\",\"serverRegId\":null,\"umi\":\"bye\"}}";
    struct ws ws = {.fd = -1};
    enum end end = AGAIN;
    char auth[1024], *frame = NULL;
    int code = 0, heard = 0, has_said_bye = 0;
    int length = snprintf(auth, sizeof auth,
        "{\"action\":\"auth\",\"body\":{\"apiToken\":\"%s\",\"deviceId\":\"%s\"}}", device->token, device->id);
    if (length < 0 || (size_t)length >= sizeof auth)
        return FOR_GOOD;
    if (ws_open(&ws, device->host, device->port) < 0 || ws_send(&ws, TEXT, auth, (size_t)length) < 0)
        goto end;
    while (heard == 0 && (frame = ws_receive(&ws, &code)) != NULL) {
        heard = hear(device, &ws, frame);
        free(frame);
        /* An acknowledgement has no answer. This has one, and comes after it. */
        if (heard == 0 && device->left == 0 && !has_said_bye) {
            has_said_bye = 1;
            heard = ws_send(&ws, TEXT, bye, sizeof bye - 1);
        }
    }
    if (heard == 1) {
        (void)ws_send(&ws, CLOSE, "\x03\xE8", 2);
        end = DONE;
    } else if (code == 4001 || code == 4401) {
        end = FOR_GOOD;
    }
    fprintf(stderr, "closed: %d\n", code);
end:
    if (ws.fd >= 0)
        close(ws.fd);
    return end;
}

int main(int argc, char **argv)
{
    static struct device device;
    if (argc < 5 || argc > 6) {
        fprintf(stderr, "device HOST PORT TOKEN DEVICE [COUNT]\n");
        return 2;
    }
    device.host = argv[1], device.port = argv[2], device.token = argv[3], device.id = argv[4];
    device.left = argc == 6 ? strtol(argv[5], NULL, 10) : -1;
    long wait_ms = 500;
    for (;;) {
        time_t began = time(NULL);
        enum end end = live(&device);
        if (end != AGAIN)
            return end == DONE ? 0 : 1;
        /* The longer the hub is away, the more rarely it is asked. */
        wait_ms = time(NULL) - began > 60 ? 500 : wait_ms < 15000 ? wait_ms * 2 : 30000;
        struct timespec pause = {.tv_sec = wait_ms / 1000, .tv_nsec = wait_ms % 1000 * 1000000};
        nanosleep(&pause, NULL);
    }
}
