/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Load generator for media proxies that speak the NG protocol: its command line. See README.md. */
#include "run.h"
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void usage(void)
{
	fputs("usage: ngload MODE (--exec CMD | --pid PID) [options]\n"
	      "modes:  relay  srtp  transcode  signal  memory  churn  webrtc  storm\n"
	      "  --exec CMD         start the daemon under test, and stop it afterwards\n"
	      "  --pid PID          it runs already (same network namespace)\n"
	      "  --ng HOST:PORT     its control socket (127.0.0.1:36223)\n"
	      "  --netns            run all in a private network namespace\n"
	      "  --pin D,G          pin the daemon to core D and the generator to core G\n"
	      "  --nice N           priority of both, e.g. -10 on a busy machine\n"
	      "  --calls N          relay, srtp: 100; transcode: 20; churn, storm: 100 steady "
	      "calls\n"
	      "  --secs T           length of the measured window (10)\n"
	      "  --warmup T         media before that (3.5)\n"
	      "  --find-max         relay, srtp: step the number of calls until packets get lost\n"
	      "  --record           relay: ask for calls to be recorded\n"
	      "  --suite NAME       srtp: AES_CM_128_HMAC_SHA1_80 or AEAD_AES_128_GCM\n"
	      "  --pair X/Y         transcode: two of PCMU PCMA G722 G729 opus\n"
	      "  --signal KIND      transcode: tones (checked) or speech (not checked)\n"
	      "  --profile NAME     signal: plain, webrtc; memory: plain, srtp, transcode\n"
	      "  --window W         signal: requests outstanding (1, 8 and 64 in turn)\n"
	      "                     webrtc: calls being set up (8)\n"
	      "  --steps N,N,...    memory: numbers of calls (1000,5000,10000)\n"
	      "  --rate R           churn, storm: calls set up per second (200)\n"
	      "  --sockets K        generator's sockets per side (4)\n"
	      "  --tick-us U        generator's pace (200)\n"
	      "  --gen-port P       generator's first port (20000)\n"
	      "  --log FILE         the daemon's output (/dev/null)\n"
	      "  --label TEXT       goes into the result\n"
	      "  --json             print the JSON lines only\n",
		stderr);
	exit(2);
}

static struct run run = { .opt = {
				  .host = "127.0.0.1",
				  .suite = "AES_CM_128_HMAC_SHA1_80",
				  .pair = "PCMU/opus",
				  .signal = "tones",
				  .profile = "plain",
				  .log = "/dev/null",
				  .steps = NULL,
				  .label = "",
				  .ng_port = 36223,
				  .gen_port = 20000,
				  .cpu_daemon = -1,
				  .cpu_gen = -1,
				  .calls = 0,
				  .sockets = 4,
				  .tick_us = 200,
				  .window = 0,
				  .rate = 200,
				  .secs = 10,
				  .warmup = 3.5,
			  } };

int main(int argc, char **argv)
{
	enum {
		EXEC = 256,
		PID,
		NG,
		NETNS,
		PIN,
		NICE,
		CALLS,
		SECS,
		WARMUP,
		MAX,
		SUITE,
		PAIR,
		SIGNAL,
		PROFILE,
		WINDOW,
		STEPS,
		RATE,
		SOCKETS,
		TICK,
		GENPORT,
		LOG,
		LABEL,
		RECORD,
		JSON
	};
	static const struct option longs[] = { { "exec", 1, 0, EXEC }, { "pid", 1, 0, PID },
		{ "ng", 1, 0, NG }, { "netns", 0, 0, NETNS }, { "pin", 1, 0, PIN },
		{ "nice", 1, 0, NICE }, { "calls", 1, 0, CALLS }, { "secs", 1, 0, SECS },
		{ "warmup", 1, 0, WARMUP }, { "find-max", 0, 0, MAX }, { "suite", 1, 0, SUITE },
		{ "pair", 1, 0, PAIR }, { "signal", 1, 0, SIGNAL }, { "profile", 1, 0, PROFILE },
		{ "window", 1, 0, WINDOW }, { "steps", 1, 0, STEPS }, { "rate", 1, 0, RATE },
		{ "sockets", 1, 0, SOCKETS }, { "tick-us", 1, 0, TICK },
		{ "gen-port", 1, 0, GENPORT }, { "log", 1, 0, LOG }, { "label", 1, 0, LABEL },
		{ "record", 0, 0, RECORD }, { "json", 0, 0, JSON }, { 0 } };
	static char host[64];
	struct plan plan = { .codec = { codec_find("PCMU"), codec_find("PCMU") } };

	for (int o; (o = getopt_long(argc, argv, "", longs, NULL)) != -1;)
		switch (o) {
		case EXEC:
			run.opt.exec = optarg;
			break;
		case PID:
			run.opt.pid = atoi(optarg);
			break;
		case NG:
			if (sscanf(optarg, "%63[^:]:%d", host, &run.opt.ng_port) != 2)
				usage();
			run.opt.host = host;
			break;
		case NETNS:
			run.opt.netns = true;
			break;
		case PIN:
			if (sscanf(optarg, "%d,%d", &run.opt.cpu_daemon, &run.opt.cpu_gen) != 2)
				usage();
			break;
		case NICE:
			run.opt.nice = atoi(optarg);
			break;
		case CALLS:
			run.opt.calls = atoi(optarg);
			break;
		case SECS:
			run.opt.secs = atof(optarg);
			break;
		case WARMUP:
			run.opt.warmup = atof(optarg);
			break;
		case MAX:
			run.opt.find_max = true;
			break;
		case SUITE:
			run.opt.suite = optarg;
			break;
		case PAIR:
			run.opt.pair = optarg;
			break;
		case SIGNAL:
			run.opt.signal = optarg;
			break;
		case PROFILE:
			run.opt.profile = optarg;
			break;
		case WINDOW:
			run.opt.window = atoi(optarg);
			break;
		case STEPS:
			run.opt.steps = optarg;
			break;
		case RATE:
			run.opt.rate = atoi(optarg);
			break;
		case SOCKETS:
			run.opt.sockets = atoi(optarg);
			break;
		case TICK:
			run.opt.tick_us = atoi(optarg);
			break;
		case GENPORT:
			run.opt.gen_port = atoi(optarg);
			break;
		case LOG:
			run.opt.log = optarg;
			break;
		case LABEL:
			run.opt.label = optarg;
			break;
		case RECORD:
			plan.record = true;
			break;
		case JSON:
			run.opt.json = true;
			break;
		default:
			usage();
		}
	if (optind != argc - 1 || !(run.opt.exec || run.opt.pid))
		usage();
	run.mode = argv[optind];
	if (run.opt.sockets < 1 || run.opt.sockets > GEN_SOCKETS_MAX || run.opt.tick_us < 20 ||
		20000 % run.opt.tick_us || run.opt.rate < 1 || run.opt.window < 0 ||
		run.opt.window > 1000 || run.opt.calls < 0 || run.opt.secs <= 0 ||
		run.opt.secs > 300)
		die("an option is out of range");
	raise_fd_limit();
	alarm(120); /* never hang */
	if (!run.opt.json)
		printf("%s%s%s\n", run.mode, run.opt.label[0] ? ": " : "", run.opt.label);
	if (!strcmp(run.mode, "srtp"))
		plan.suite = run.opt.suite;
	if (!strcmp(run.mode, "relay") || !strcmp(run.mode, "srtp"))
		run.opt.find_max ? mode_find_max(&run, &plan) : mode_media(&run, &plan);
	else if (!strcmp(run.mode, "transcode"))
		mode_transcode(&run);
	else if (!strcmp(run.mode, "signal"))
		mode_signal(&run);
	else if (!strcmp(run.mode, "memory"))
		mode_memory(&run);
	else if (!strcmp(run.mode, "churn"))
		mode_churn(&run);
	else if (!strcmp(run.mode, "webrtc"))
		mode_webrtc(&run);
	else if (!strcmp(run.mode, "storm"))
		mode_storm(&run);
	else
		usage();
	return 0;
}
