// SPDX-License-Identifier: GPL-3.0-or-later
// Does what the test asks for: takes programs from the server, runs them and posts what came of
// them. `party` is what those programs work with.

const RECORDER = `
class Recorder extends AudioWorkletProcessor {
	process(inputs) {
		if (inputs[0].length)
			this.port.postMessage(inputs[0][0].slice());
		return true;
	}
}
registerProcessor("recorder", Recorder);
`;

const party = {
	pc: null,
	heard: [],	// Float32Arrays
	rate: 0,
	contexts: new Map(),	// by track: a browser tells of one again when a hold is over

	async microphone(constraints) {
		return navigator.mediaDevices.getUserMedia(constraints || {
			audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
		});
	},

	// Keeps what a remote track says.
	async listen(track) {
		const context = new AudioContext({ sampleRate: 48000 });
		this.contexts.get(track)?.close();
		this.contexts.set(track, context);
		const stream = new MediaStream([track]);
		const element = new Audio();	// without one Chromium pulls no audio
		element.srcObject = stream;
		element.muted = true;
		element.play();
		await context.audioWorklet.addModule(
			URL.createObjectURL(new Blob([RECORDER], { type: "text/javascript" })));
		const recorder = new AudioWorkletNode(context, "recorder");
		recorder.port.onmessage = (event) => this.heard.push(event.data);
		context.createMediaStreamSource(stream).connect(recorder);
		await context.resume();
		this.rate = context.sampleRate;
	},

	connection(pc) {
		this.pc = pc;
		pc.addEventListener("track", (event) => {
			if (event.track.kind === "audio")
				this.listen(event.track);
		});
		// Of an answered call, what its offer has was told of before.
		if (pc.remoteDescription)
			pc.getReceivers().filter((receiver) => receiver.track.kind === "audio").forEach(
				(receiver) => this.listen(receiver.track));
		return pc;
	},

	async open(configuration, constraints) {
		const pc = this.connection(new RTCPeerConnection(configuration || {}));
		const stream = await this.microphone(constraints);
		stream.getTracks().forEach((track) => pc.addTrack(track, stream));
	},

	// Only these codecs for audio, by their names.
	prefer(names) {
		const all = RTCRtpReceiver.getCapabilities("audio").codecs;
		const audio = this.pc.getTransceivers().find((t) => t.receiver.track.kind === "audio");
		audio.setCodecPreferences(all.filter(
			(codec) => names.includes(codec.mimeType.split("/")[1].toLowerCase())));
	},

	// The local description with all candidates.
	async gathered() {
		while (this.pc.iceGatheringState !== "complete")
			await new Promise((done) => setTimeout(done, 10));
		return this.pc.localDescription.sdp;
	},

	async offer(options) {
		await this.pc.setLocalDescription(await this.pc.createOffer(options));
		return this.gathered();
	},

	async answer(sdp) {
		await this.take(sdp, "offer");
		await this.pc.setLocalDescription(await this.pc.createAnswer());
		return this.gathered();
	},

	async take(sdp, type) {
		await this.pc.setRemoteDescription({ type: type || "answer", sdp });
	},

	// What was heard in the last seconds, as 16-bit samples in base64.
	samples(seconds) {
		const wanted = Math.round(seconds * this.rate);
		const all = new Int16Array(Math.min(wanted, this.heard.reduce((n, x) => n + x.length, 0)));
		let at = all.length;
		for (let i = this.heard.length - 1; i >= 0 && at > 0; i--)
			for (let k = this.heard[i].length - 1; k >= 0 && at > 0; k--)
				all[--at] = Math.max(-1, Math.min(1, this.heard[i][k])) * 32767;
		const bytes = new Uint8Array(all.buffer);
		let text = "";
		for (let i = 0; i < bytes.length; i += 4096)
			text += String.fromCharCode(...bytes.subarray(i, i + 4096));
		return { rate: this.rate, samples: btoa(text) };
	},

	async statistics() {
		const found = {};
		(await this.pc.getStats()).forEach((report) => {
			found[report.id] = report;
		});
		return found;
	},

	close() {
		this.pc?.getSenders().forEach((sender) => sender.track?.stop());
		this.pc?.close();
		this.contexts.forEach((context) => context.close());
		this.contexts.clear();
		this.pc = null;
		this.heard = [];
	},
};

async function serve() {
	for (;;) {
		const command = await (await fetch("/command")).json();
		if (!command)
			continue;
		let reply;
		try {
			const program = new Function("party", "args", `return (async () => { ${command.program} })()`);
			reply = { id: command.id, value: (await program(party, command.args)) ?? null };
		} catch (error) {
			reply = { id: command.id, error: `${error}\n${error.stack}` };
		}
		await fetch("/reply", { method: "POST", body: JSON.stringify(reply) });
	}
}

serve();
