/*
 * test_address.c - link-local addresses that we add, and take back.
 */
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include "address.h"
#include "kernel/socket.h"
#include "unit.h"

/* What links have, "1:a 2:b": the kernel's memory. */
static char there[64];

int	__wrap_kernel_request(struct kernel *, struct nlmsghdr *);

int
__wrap_kernel_request(struct kernel *kernel, struct nlmsghdr *nlh)
{
	const struct ifaddrmsg *message = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr = mnl_nlmsg_get_payload_offset(nlh,
	    sizeof(*message));
	const uint8_t *address = mnl_attr_get_payload(attr);
	size_t len = strlen(there);
	char text[16], *at;

	(void)kernel;
	assert_int_equal(mnl_attr_get_type(attr), IFA_LOCAL);
	snprintf(text, sizeof(text), "%u:%x ", message->ifa_index,
	    address[15]);
	if (nlh->nlmsg_type == RTM_NEWADDR) {
		snprintf(there + len, sizeof(there) - len, "%s", text);
		return 0;
	}
	at = strstr(there, text);
	assert_non_null(at);
	memmove(at, at + strlen(text), strlen(at + strlen(text)) + 1);
	return 0;
}

/* A link may be given several, for our router-id may change. */
static void
all_are_taken_back(void **state)
{
	struct address_list list = SLIST_HEAD_INITIALIZER(list);
	struct in6_addr a = { .s6_addr = { 0xfe, 0x80, [15] = 0xa } };
	struct in6_addr b = { .s6_addr = { 0xfe, 0x80, [15] = 0xb } };

	(void)state;
	assert_int_equal(address_add(&list, NULL, 1, &a), 0);
	assert_int_equal(address_add(&list, NULL, 2, &a), 0);
	assert_int_equal(address_add(&list, NULL, 1, &b), 0);
	assert_int_equal(address_add(&list, NULL, 3, &a), 0);
	assert_int_equal(address_add(&list, NULL, 3, &b), 0);
	assert_string_equal(there, "1:a 2:a 1:b 3:a 3:b ");
	/* This link is gone, and its addresses are. */
	address_forget(&list, 3);
	address_remove_all(&list, NULL);
	assert_string_equal(there, "3:a 3:b ");
	/* One that somebody took away, and we gave again. */
	there[0] = '\0';
	assert_int_equal(address_add(&list, NULL, 1, &a), 0);
	there[0] = '\0';
	assert_int_equal(address_add(&list, NULL, 1, &a), 0);
	address_remove_all(&list, NULL);
	assert_string_equal(there, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_are_taken_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
