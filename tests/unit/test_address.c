/*
 * test_address.c - link-local addresses that we add, and take back.
 */
#include <string.h>
#include <unistd.h>

#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include "address.h"
#include "kernel/dump.h"
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

/* What a crashed instance left, as the kernel tells it. */
static struct in6_addr left[3];
static uint8_t left_protocol;
static bool is_old_kernel;

int	__wrap_kernel_dump(const struct dump_request *,
	    const struct dump_taker *);
bool	__wrap_kernel_is_at_least(int, int);

bool
__wrap_kernel_is_at_least(int major, int minor)
{
	(void)major;
	(void)minor;
	return !is_old_kernel;
}

int
__wrap_kernel_dump(const struct dump_request *request,
    const struct dump_taker *taker)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[128];
	struct ifaddrmsg *message;
	struct nlmsghdr *nlh;
	size_t i;

	assert_int_equal(request->type, RTM_GETADDR);
	for (i = 0; i < 3; i++) {
		nlh = mnl_nlmsg_put_header(buffer);
		nlh->nlmsg_type = RTM_NEWADDR;
		message = mnl_nlmsg_put_extra_header(nlh, sizeof(*message));
		message->ifa_index = 1;
		message->ifa_scope = i == 2 ? RT_SCOPE_UNIVERSE :
		    RT_SCOPE_LINK;
		mnl_attr_put(nlh, IFA_ADDRESS, sizeof(left[i]), &left[i]);
		if (!is_old_kernel && i != 1)
			mnl_attr_put_u8(nlh, 11, left_protocol);
		assert_true(taker->take(taker->ctx, nlh));
	}
	return 0;
}

static const struct router_id own_id = { .octets = { 1, 2, 3 } };
static char directory[64];

static int
begin(void **state)
{
	(void)state;
	there[0] = '\0';
	memset(left, 0, sizeof(left));
	left_protocol = 0;
	is_old_kernel = false;
	strlcpy(directory, "/tmp/babel-address-XXXXXX", sizeof(directory));
	return mkdtemp(directory) != NULL ? 0 : -1;
}

/* The last one leaves nothing there. */
static int
end(void **state)
{
	(void)state;
	return rmdir(directory);
}

static bool
is_the_second(void *ctx, unsigned int ifindex)
{
	(void)ctx;
	return ifindex == 2;
}

/* A link may be given several, for our router-id may change. */
static void
all_are_taken_back(void **state)
{
	struct address_list list;
	struct in6_addr a = { .s6_addr = { 0xfe, 0x80, [15] = 0xa } };
	struct in6_addr b = { .s6_addr = { 0xfe, 0x80, [15] = 0xb } };

	(void)state;
	assert_int_equal(address_open(&list, directory, &own_id), 0);
	assert_int_equal(address_add(&list, NULL, 1, &a), 0);
	assert_true(address_is_given(&list, 1));
	assert_false(address_is_given(&list, 2));
	assert_int_equal(address_add(&list, NULL, 2, &a), 0);
	assert_int_equal(address_add(&list, NULL, 1, &b), 0);
	assert_int_equal(address_add(&list, NULL, 3, &a), 0);
	assert_int_equal(address_add(&list, NULL, 3, &b), 0);
	assert_string_equal(there, "1:a 2:a 1:b 3:a 3:b ");
	/* This link is gone, and its addresses are. */
	address_forget(&list, 3);
	address_keep(&list, NULL, is_the_second, NULL);
	assert_string_equal(there, "2:a 3:a 3:b ");
	/* One that somebody took away, and we gave again. */
	strlcpy(there, "2:a ", sizeof(there));
	assert_int_equal(address_add(&list, NULL, 1, &a), 0);
	strlcpy(there, "2:a ", sizeof(there));
	assert_int_equal(address_add(&list, NULL, 1, &a), 0);
	address_close(&list, NULL);
	assert_string_equal(there, "");
}

/* The kernel tells who gave an address. */
static void
those_of_our_protocol_are_ours(void **state)
{
	struct address_list list;

	(void)state;
	left[0] = (struct in6_addr){ .s6_addr = { 0xfe, 0x80, [15] = 0xa } };
	left[1] = (struct in6_addr){ .s6_addr = { 0xfe, 0x80, [15] = 0xb } };
	left[2] = (struct in6_addr){ .s6_addr = { 0x20, 0x01, [15] = 0xc } };
	left_protocol = RTPROT_BABEL;
	strlcpy(there, "1:a 1:b 1:c ", sizeof(there));
	assert_int_equal(address_open(&list, directory, &own_id), 0);
	address_close(&list, NULL);
	assert_string_equal(there, "1:b 1:c ");
	left_protocol = RTPROT_STATIC;
	strlcpy(there, "1:a 1:b 1:c ", sizeof(there));
	assert_int_equal(address_open(&list, directory, &own_id), 0);
	address_close(&list, NULL);
	assert_string_equal(there, "1:a 1:b 1:c ");
}

/* An older one does not; then the value tells. */
static void
those_with_our_value_are_ours(void **state)
{
	struct address_list list;
	char rest[8];

	(void)state;
	is_old_kernel = true;
	left[0] = (struct in6_addr){ .s6_addr = { 0xfe, 0x80, [15] = 0xa } };
	left[1] = address_link_local(&own_id, "lo");	/* link 1 */
	snprintf(rest, sizeof(rest), "1:%x ", left[1].s6_addr[15]);
	snprintf(there, sizeof(there), "1:a %s", rest);
	assert_int_equal(address_open(&list, directory, &own_id), 0);
	address_close(&list, NULL);
	assert_string_equal(there, "1:a ");
}

/* Another instance lives, and has given it. */
static void
those_of_others_are_not_ours(void **state)
{
	struct address_list list, other;

	(void)state;
	left[0] = (struct in6_addr){ .s6_addr = { 0xfe, 0x80, [15] = 0xa } };
	left_protocol = RTPROT_BABEL;
	strlcpy(there, "1:a ", sizeof(there));
	assert_int_equal(address_open(&other, directory, &own_id), 0);
	assert_int_equal(address_open(&list, directory, &own_id), 0);
	address_close(&list, NULL);
	assert_string_equal(there, "1:a ");
	address_close(&other, NULL);
	assert_string_equal(there, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_are_taken_back, begin,
		    end),
		cmocka_unit_test_setup_teardown(
		    those_of_our_protocol_are_ours, begin, end),
		cmocka_unit_test_setup_teardown(
		    those_with_our_value_are_ours, begin, end),
		cmocka_unit_test_setup_teardown(
		    those_of_others_are_not_ours, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
