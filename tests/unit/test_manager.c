/*
 * test_manager.c - what a service manager is told: readiness, reloads, the
 * end, signs of life; by a path and by an abstract name.
 */
#include "manager.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <string.h>
#include <unistd.h>

#include "unit.h"

/* The manager's end. */
static int
manager_listen(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = strlen(name);
	socklen_t address_len = (socklen_t)(len +
	    offsetof(struct sockaddr_un, sun_path));
	int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	memcpy(address.sun_path, name, len);
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	assert_int_equal(bind(s, (struct sockaddr *)&address, address_len), 0);
	setenv("NOTIFY_SOCKET", name, 1);
	return s;
}

static void
assert_told(int s, const char *wanted)
{
	char text[128];
	ssize_t len = recv(s, text, sizeof(text) - 1, 0);

	text[len < 0 ? 0 : len] = '\0';
	assert_string_equal(text, wanted);
}

static int
plain(void **state)
{
	(void)state;
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	return 0;
}

static void
life_is_told(int s)
{
	struct manager manager;

	manager_open(&manager, 0);
	manager_ready(&manager);
	assert_told(s, "READY=1");
	manager_reloading(&manager, 1234567);
	assert_told(s, "RELOADING=1\nMONOTONIC_USEC=1234567");
	manager_stopping(&manager);
	assert_told(s, "STOPPING=1");
	manager_alive(&manager, MINUTE);
	assert_told(s, "");
	manager_close(&manager);
	close(s);
}

static void
by_a_path(void **state)
{
	char directory[] = "/tmp/babel-notify-XXXXXX", path[64];

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/socket", directory);
	life_is_told(manager_listen(path));
	unlink(path);
	rmdir(directory);
}

static void
by_an_abstract_name(void **state)
{
	char name[64];

	(void)state;
	snprintf(name, sizeof(name), "@babel-notify-%d", (int)getpid());
	life_is_told(manager_listen(name));
}

static void
signs_of_life(void **state)
{
	char name[64];
	struct manager manager;
	int s;

	(void)state;
	snprintf(name, sizeof(name), "@babel-notify-%d", (int)getpid());
	s = manager_listen(name);
	setenv("WATCHDOG_USEC", "3000000", 1);
	manager_open(&manager, 100 * SECOND);
	manager_alive(&manager, 100 * SECOND);
	assert_told(s, "WATCHDOG=1");
	manager_alive(&manager, 101 * SECOND);
	assert_told(s, "");
	assert_int_equal(manager.next, 101 * SECOND + SECOND / 2);
	manager_alive(&manager, 102 * SECOND);
	assert_told(s, "WATCHDOG=1");
	manager_close(&manager);
	assert_int_equal(manager.next, NEVER);
	close(s);
}

/* The watchdog of another process is not ours. */
static void
another_process_is_watched(void **state)
{
	char name[64];
	struct manager manager;
	int s;

	(void)state;
	snprintf(name, sizeof(name), "@babel-notify-%d", (int)getpid());
	s = manager_listen(name);
	setenv("WATCHDOG_USEC", "3000000", 1);
	setenv("WATCHDOG_PID", "1", 1);
	manager_open(&manager, 0);
	assert_int_equal(manager.next, NEVER);
	manager_close(&manager);
	close(s);
}

/* No manager, or none that can be reached: nothing happens. */
static void
nobody_asks(void **state)
{
	static const char *const names[] = { "", "x", "@", "vsock:1:2",
	    "/nonexistent/socket" };
	struct manager manager;
	size_t i;

	(void)state;
	setenv("WATCHDOG_USEC", "3000000", 1);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		setenv("NOTIFY_SOCKET", names[i], 1);
		manager_open(&manager, 0);
		assert_int_equal(manager.socket, -1);
		assert_int_equal(manager.next, NEVER);
		manager_ready(&manager);
		manager_alive(&manager, SECOND);
		manager_close(&manager);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(by_a_path, plain),
		cmocka_unit_test_setup(by_an_abstract_name, plain),
		cmocka_unit_test_setup(signs_of_life, plain),
		cmocka_unit_test_setup(another_process_is_watched, plain),
		cmocka_unit_test_setup(nobody_asks, plain),
	};

	return cmocka_run_group_tests_name("manager", tests, NULL, NULL);
}
