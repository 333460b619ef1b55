/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Attributes written and read; the system's own family asked, which needs no rights. */
#include "offload/netlink.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <string.h>

static void test_written_is_read(void)
{
	struct netlink_request r;
	struct netlink_attrs attrs, inside;
	struct netlink_attr attr;
	uint32_t number = 0;
	size_t nest;
	char text[4];

	netlink_begin(&r, 1, 0);
	attrs.at = NULL;
	netlink_put_u32(&r, 7, 0x11223344);
	nest = netlink_nest_begin(&r, 8);
	netlink_put(&r, 1, "abcde", 5);
	netlink_put(&r, 2, "x", 1);
	netlink_nest_end(&r, nest);
	netlink_put(&r, 9, "", 0);
	attrs.at = r.bytes->data + NLMSG_HDRLEN + GENL_HDRLEN;
	attrs.left = r.bytes->len - NLMSG_HDRLEN - GENL_HDRLEN;
	g_assert_true(netlink_next(&attrs, &attr));
	g_assert_cmpuint(attr.type, ==, 7);
	netlink_copy(&attr, &number, sizeof(number));
	g_assert_cmpuint(number, ==, 0x11223344);
	g_assert_true(netlink_next(&attrs, &attr));
	g_assert_cmpuint(attr.type, ==, 8);
	inside = netlink_inside(&attr);
	g_assert_true(netlink_next(&inside, &attr));
	g_assert_cmpmem(attr.data, attr.len, "abcde", 5);
	g_assert_true(netlink_next(&inside, &attr));
	netlink_copy(&attr, text, sizeof(text));
	g_assert_cmpmem(text, 4, "x\0\0\0", 4);
	g_assert_false(netlink_next(&inside, &attr));
	g_assert_true(netlink_next(&attrs, &attr));
	g_assert_cmpuint(attr.type, ==, 9);
	g_assert_cmpuint(attr.len, ==, 0);
	g_assert_false(netlink_next(&attrs, &attr));
	netlink_forget(&r);
}

static void test_damaged_attributes_end_it(void)
{
	static const uint16_t lengths[] = { 0, 3, 9, 0xffff };

	for (unsigned i = 0; i < G_N_ELEMENTS(lengths); i++) {
		uint16_t bytes[4] = { lengths[i], 1, 0, 0 };
		struct netlink_attrs attrs = { (const uint8_t *)bytes, sizeof(bytes) };
		struct netlink_attr attr;

		g_assert_false(netlink_next(&attrs, &attr));
	}
}

static void take_name(struct netlink_attrs attrs, void *name)
{
	struct netlink_attr attr;

	while (netlink_next(&attrs, &attr))
		if (attr.type == CTRL_ATTR_FAMILY_NAME)
			netlink_copy(&attr, name, 16);
}

static void test_asks_the_system(void)
{
	struct netlink_request r;
	struct netlink *nl;
	char name[16] = "";
	int rc = netlink_open("nlctrl", &nl);

	if (rc) {
		g_test_skip("no generic netlink here");
		return;
	}
	netlink_begin(&r, CTRL_CMD_GETFAMILY, 0);
	netlink_put(&r, CTRL_ATTR_FAMILY_NAME, "nlctrl", 7);
	g_assert_cmpint(netlink_call(nl, &r, take_name, name), ==, 0);
	g_assert_cmpstr(name, ==, "nlctrl");
	/* As a dump, there is more than one message. */
	name[0] = '\0';
	netlink_begin(&r, CTRL_CMD_GETFAMILY, NLM_F_DUMP);
	g_assert_cmpint(netlink_call(nl, &r, take_name, name), ==, 0);
	g_assert_cmpstr(name, !=, "");
	/* And an error is one. */
	netlink_begin(&r, CTRL_CMD_GETFAMILY, 0);
	netlink_put(&r, CTRL_ATTR_FAMILY_NAME, "no such family", 15);
	g_assert_cmpint(netlink_call(nl, &r, take_name, name), <, 0);
	netlink_close(nl);
}

static void test_no_such_family(void)
{
	struct netlink *nl = NULL;

	g_assert_cmpint(netlink_open("no-such-family", &nl), <, 0);
	g_assert_null(nl);
	netlink_close(NULL);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/offload/netlink/written-is-read", test_written_is_read);
	g_test_add_func(
		"/offload/netlink/damaged-attributes-end-it", test_damaged_attributes_end_it);
	g_test_add_func("/offload/netlink/asks-the-system", test_asks_the_system);
	g_test_add_func("/offload/netlink/no-such-family", test_no_such_family);
	return g_test_run();
}
