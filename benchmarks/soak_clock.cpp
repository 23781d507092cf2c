// Moves the wall clock of a process by the nanoseconds that a mapped file holds: the file is named by
// SOAK_CLOCK, the library by LD_PRELOAD. Clocks that only measure spans are left alone, so that
// waiting takes as long as ever.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

static volatile std::int64_t* moved_by = nullptr;

__attribute__((constructor)) static void open_clock() {
    const char* path = std::getenv("SOAK_CLOCK");
    if (path == nullptr) return;
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    void* mapped = mmap(nullptr, sizeof(std::int64_t), PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (mapped != MAP_FAILED) moved_by = static_cast<volatile std::int64_t*>(mapped);
}

extern "C" int clock_gettime(clockid_t clock, struct timespec* now) noexcept {
    const long failed = syscall(SYS_clock_gettime, clock, now);
    if (failed != 0) return -1;
    const bool is_wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
    if (is_wall && moved_by != nullptr) {
        const std::int64_t second = 1000000000;
        const std::int64_t moved = now->tv_sec * second + now->tv_nsec + *moved_by;
        now->tv_sec = moved / second;
        now->tv_nsec = moved % second;
    }
    return 0;
}

extern "C" int gettimeofday(struct timeval* now, void*) noexcept {
    struct timespec exact;
    if (clock_gettime(CLOCK_REALTIME, &exact) != 0) return -1;
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return 0;
}

extern "C" time_t time(time_t* also) noexcept {
    struct timespec exact;
    if (clock_gettime(CLOCK_REALTIME, &exact) != 0) return -1;
    if (also != nullptr) *also = exact.tv_sec;
    return exact.tv_sec;
}
