/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A library, but no plugin. */
__attribute__((visibility("default"))) extern const int not_a_plugin;
const int not_a_plugin = 1;
