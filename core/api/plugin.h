/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a plugin exports: one const symbol, `plugin_export`, declared by PLUGIN_EXPORT. A plugin
 * includes headers of this folder, libc's, GLib's and those of the libraries it wraps, and calls
 * the daemon only through the `struct host` given to `init`. Trees of values (dict.h) come from
 * a library that is linked into it.
 *
 *	PLUGIN_EXPORT(example) = {
 *		.abi = PLUGIN_ABI,
 *		.kind = PLUGIN_NOTIFY,
 *		.name = "example",
 *		…
 *	};
 */
#ifndef API_PLUGIN_H
#define API_PLUGIN_H

#include <stdint.h>

struct host;

enum {
	/*
	 * Goes up with every change of a struct, a function or a meaning in this folder, and with
	 * the layout of what is behind dict.h: a plugin built for another number is not loaded.
	 */
	PLUGIN_ABI = 11,
	PLUGIN_ERROR_BYTES = 256,
};

enum plugin_kind {
	PLUGIN_CODEC,
	PLUGIN_DSP,     /* resampler, tones and digits */
	PLUGIN_GATEWAY, /* T.38 */
	PLUGIN_WRITER,  /* file formats of recordings */
	PLUGIN_SINK,    /* methods of recording */
	PLUGIN_PLAYER,  /* stored media: read, fetched */
	PLUGIN_CONTROL, /* front ends for commands */
	PLUGIN_NOTIFY,
	PLUGIN_STORE,
	PLUGIN_KINDS
};

/* An option the plugin reads: a row of the daemon's table, which must have it. */
struct plugin_option {
	const char *name;   /* without dashes; NULL ends the list */
	const char *preset; /* what the plugin takes it to be when not given; NULL: nothing */
	const char *help;   /* one sentence, no full stop */
};

struct plugin {
	uint32_t abi; /* PLUGIN_ABI; stays the first field for good */
	enum plugin_kind kind;
	const char *name;                    /* as the file is named, without ".so" */
	const char *description;             /* one sentence, no full stop */
	const struct plugin_option *options; /* NULL: none */
	/*
	 * Does it work here? Known answers, libraries that are what they should be. 0, or
	 * negative with the reason in `error` (PLUGIN_ERROR_BYTES): it is not used then. NULL:
	 * there is nothing to test. [main]
	 */
	int (*self_test)(char *error);
	/*
	 * Once, before any other thread exists. `host` lives until `close` has returned. 0 and
	 * *ret_instance, which may be NULL; or negative with the text that ends the daemon in
	 * `error`. [main]
	 */
	int (*init)(const struct host *host, void **ret_instance, char *error);
	/*
	 * Once, when neither control nor helpers that play run any more; NULL: nothing to do.
	 * [main]
	 */
	void (*close)(void *instance);
};

/*
 * The exported symbol, and a name of its own under which the same object can be linked into a
 * test or a fuzz target together with other plugins.
 */
#define PLUGIN_EXPORT(id)                                                                  \
	extern const struct plugin plugin_export_##id;                                     \
	extern const struct plugin plugin_export                                           \
		__attribute__((weak, alias("plugin_export_" #id), visibility("default"))); \
	const struct plugin plugin_export_##id

#endif
