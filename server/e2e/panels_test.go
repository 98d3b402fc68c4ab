package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// sectionsOf returns an SDP with the sections that are said in words, "video p1 VP8 H264
// sendonly": kind, mid, and codecs, a direction, "rejected" and other attributes, "a=…".
func sectionsOf(sections ...string) string {
	sdp := "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
	for _, section := range sections {
		words := strings.Fields(section)
		kind, port, formats, attributes := strings.Replace(words[0], "data", "application", 1), "9", "", "a=mid:"+words[1]+"\r\n"
		for i, word := range words[2:] {
			switch {
			case word == "rejected":
				port = "0"
			case strings.HasPrefix(word, "a="):
				attributes += word + "\r\n"
			case word == "sendrecv" || word == "sendonly" || word == "recvonly" || word == "inactive":
				attributes += "a=" + word + "\r\n"
			default:
				formats += fmt.Sprint(" ", 96+i)
				attributes += fmt.Sprintf("a=rtpmap:%d %s/90000\r\n", 96+i, word)
			}
		}
		sdp += "m=" + kind + " " + port + " UDP/TLS/RTP/SAVPF" + formats + "\r\nc=IN IP4 0.0.0.0\r\n" + attributes
	}
	return sdp
}

// TestPanels looks at what the panels make of a trace.
func TestPanels(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.rawTab(w.url + "/")
	t.Run("differences", func(t *testing.T) { testDifferences(t, b) })
	t.Run("states", func(t *testing.T) { testStates(t, b) })
	t.Run("statistics", func(t *testing.T) { testStatistics(t, b) })
	t.Run("shown", func(t *testing.T) { testShownPanels(t, b) })
}

// How a description differs from the one before is told in words, and line by line.
func testDifferences(t *testing.T, b *tab) {
	data, audio, video := "data 0 a=ice-ufrag:one", "audio 1 opus a=ice-ufrag:one", "video p1 VP8 rtx sendonly a=ice-ufrag:one"
	two := strings.NewReplacer("one", "two")
	for _, row := range []struct {
		name          string
		before, after []string
		words, lines  string
	}{
		{"the first", nil, []string{data, audio}, "+data 0, +audio 1 sendrecv", "session added, data 0 added, audio 1 added"},
		{"a section comes", []string{data}, []string{data, video}, "+video p1 sendonly", "session same, data 0 same, video p1 added"},
		{"a section goes", []string{data, audio}, []string{data, "audio 1 rejected"}, "-audio 1", "session same, data 0 same, audio 1 changed: -m=audio 9 UDP/TLS/RTP/SAVPF 96 +m=audio 0 UDP/TLS/RTP/SAVPF -a=rtpmap:96 opus/90000 -a=ice-ufrag:one"},
		{"a section comes back", []string{"audio 1 rejected"}, []string{audio}, "+audio 1 sendrecv", ""},
		{"its place is taken", []string{data, "audio 1 rejected"}, []string{data, video}, "+video p1 sendonly", "session same, data 0 same, audio 1 removed, video p1 added"},
		{"it is rejected at once", []string{data}, []string{data, "audio 1 rejected"}, "audio 1 rejected", ""},
		{"a direction", []string{audio}, []string{audio + " recvonly"}, "audio 1 sendrecv → recvonly", ""},
		{"a codec", []string{video}, []string{"video p1 AV1 rtx sendonly a=ice-ufrag:one"}, "video p1 +AV1 -VP8", ""},
		{"a track", []string{audio + " a=msid:x"}, []string{audio + " a=msid:y"}, "audio 1 another track", ""},
		{"a restart", []string{data, audio}, []string{two.Replace(data), two.Replace(audio)}, "restart", "session same, data 0 changed: -a=ice-ufrag:one +a=ice-ufrag:two, audio 1 changed: -a=ice-ufrag:one +a=ice-ufrag:two"},
		{"a certificate", []string{data + " a=fingerprint:x"}, []string{data + " a=fingerprint:y"}, "another certificate", ""},
		{"candidates", []string{data}, []string{data + " a=candidate:1 a=candidate:2"}, "+2 candidates", ""},
		{"what else there is", []string{data}, []string{data + " a=sctp-port:7"}, "data 0 other attributes", ""},
		{"the role in DTLS", []string{data + " a=setup:actpass"}, []string{data + " a=setup:active"}, "", ""},
		{"nothing", []string{data, video}, []string{data, video}, "", "session same, data 0 same, video p1 same"},
	} {
		before := ""
		if row.before != nil {
			before = sectionsOf(row.before...)
		}
		var is [2]string
		b.eval(fmt.Sprintf(`import("/inspector/panels/description.js").then(({ diff, inWords }) => [inWords, (...both) => diff(...both).map(({ name, change, lines }) =>
			name + " " + change + (change === "changed" ? ": " + lines.filter(({ op }) => op !== "=").map(({ op, text }) => op + text).join(" ") : ""))]
			.map((f) => f(%q, %q).join(", ")))`, before, sectionsOf(row.after...)), &is)
		if is[0] != row.words || row.lines != "" && is[1] != row.lines {
			t.Errorf("%s: %q, %q", row.name, is[0], is[1])
		}
	}
}

// The states of a side are followed through its events, and each pairing begins anew.
func testStates(t *testing.T, b *tab) {
	for _, row := range []struct{ name, events, want string }{
		{"nothing", ``, "stable"},
		{"an offer is held, and answered", `here 1 have-local-offer held, here 1 have-local-offer, here 1 stable`, "stable after have-local-offer: stable have-local-offer 1, have-local-offer stable 1"},
		{"it is held", `here 1 have-local-offer held`, "have-local-offer held after stable: stable have-local-offer 1"},
		{"the other side", `there 1 have-remote-offer`, "stable"},
		{"another pairing", `here 1 have-local-offer, here 2 stable, here 2 have-local-offer`, "have-local-offer after stable: stable have-local-offer 2"},
		{"a state that is none", `here 1 toString, here 1 , here 1 have-local-pranswer`, "stable"},
	} {
		is := b.text(fmt.Sprintf(`import("/inspector/panels/machine.js").then(({ walk }) => {
			const events = %q.split(", ").map((words) => words.split(" ")).map(([side, life, state, held]) => ({ side, life: Number(life), state, held: held === "held" }));
			const { state, held, last, taken } = walk(events, "here");
			return [state, held ? " held" : "", last && " after " + last.split(" ")[0], taken.size ? ": " : "", [...taken].map((way) => way.join(" ")).join(", ")].join("");
		})`, row.events))
		if is != row.want {
			t.Errorf("%s: %q", row.name, is)
		}
	}
}

// Which pair of candidates is selected is found in what either browser says, and why.
func testStatistics(t *testing.T, b *tab) {
	for _, row := range []struct{ name, pairs, want string }{
		{"nothing", ``, "0: No candidates yet: they come with the first exchange."},
		{"none is selected", `1 waiting, 2 in-progress`, "2: None is selected yet: candidate pairs are checked, the one of highest priority first."},
		{"the best", `3 failed, 2 succeeded selected, 1 succeeded`, "2 succeeded selected, 3, 1: It was nominated: of the 2 pairs that work it has the highest priority."},
		{"another one", `3 succeeded, 2 succeeded transport controlled, 1 failed`, "2 succeeded selected, 3, 1: The other side controls ICE, and nominated it. One pair of higher priority works, too: browsers also weigh the network, and which pair worked first."},
		{"the only one", `1 succeeded transport controlling`, "1 succeeded selected: This side controls ICE, and nominated it: no other pair works."},
	} {
		is := b.text(fmt.Sprintf(`import("/inspector/panels/stats.js").then(({ read, why }) => {
			const report = new Map([["l", { type: "local-candidate", candidateType: "host", protocol: "udp", address: "::1", port: 9 }]]);
			for (const [priority, state, selected, iceRole] of %q.split(", ").filter(Boolean).map((words) => words.split(" "))) {
				report.set(priority, { id: priority, type: "candidate-pair", priority: Number(priority), state, localCandidateId: "l", selected: selected === "selected" || undefined });
				if (selected === "transport") report.set("t", { id: "t", type: "transport", selectedCandidatePairId: priority, iceRole });
			}
			const sample = read(report);
			if (sample.pairs.some(({ local, remote }) => local + remote !== "host udp [::1]:9unknown")) throw new Error("other candidates");
			const [first] = sample.pairs;
			return (first?.selected ? sample.pairs.map((p) => p.rank ? p.priority + (p.selected ? " " + p.state + " selected" : "") : "") : [sample.pairs.length]).join(", ") + ": " + why(sample);
		})`, row.pairs))
		if is != row.want {
			t.Errorf("%s: %q", row.name, is)
		}
	}
	rates := b.text(`import("/inspector/panels/stats.js").then(({ rates }) => JSON.stringify(rates(
		{ t: 1000, total: { bytesSent: 100, bytesReceived: 7, packetsSent: 1, packetsReceived: 1 } },
		{ t: 3000, roundTrip: 4, total: { bytesSent: 300, bytesReceived: 0, packetsSent: 2, packetsReceived: 1 } })))`)
	if want := `{"t":3000,"bytesSent":100,"bytesReceived":0,"packetsSent":0.5,"packetsReceived":0,"roundTrip":4}`; rates != want {
		t.Errorf("rates %s", rates)
	}
}

// testShownPanels opens the panels on the page, beside a recorded trace.
func testShownPanels(t *testing.T, b *tab) {
	b.eval(fmt.Sprintf(`import("/inspector/store.js").then(({ Store }) => {
		globalThis.store = new Store();
		store.add(%q);
		globalThis.at = (kind, seq) => store.select(store.current.ordered().find((e) => e.side === "here" && e.kind === kind && e.msg?.seq === seq));
	})`, recorded(t)), nil)
	b.openPanels()
	expect := func(what, script, want string) {
		t.Helper()
		if is := b.text(script); is != want {
			t.Errorf("%s: %q", what, is)
		}
	}
	key := func(k string) {
		t.Helper()
		if err := chromedp.Run(b.ctx, chromedp.KeyEvent(k)); err != nil {
			t.Fatal(err)
		}
	}

	shown := func(id string) {
		t.Helper()
		await(t, id+" is shown", func() bool {
			return b.number(`document.querySelector("#panel-`+id+`:not([hidden])")?.childElementCount ?? 0`) > 0
		}, b)
	}
	b.press("#tab-machine")
	shown("machine")
	const machines = `[...document.querySelectorAll(".machine")].map(({ dataset, innerText }) => [innerText.split("\n")[0], dataset.state, dataset.held, innerText.includes("×")].join(" ")).join(", ")`
	b.eval(`at("offer-sending", 8)`, nil)
	expect("an offer is held", machines, "You · polite have-local-offer true true, wkgsy-fq2m4 · impolite stable false true")
	b.eval(`store.follow()`, nil)
	expect("all is over", machines, "You · polite stable false true, wkgsy-fq2m4 · impolite stable false true")

	b.eval(`document.querySelector("#tab-machine").focus()`, nil)
	key(kb.ArrowRight)
	shown("sdp")
	expect("the next tab", `document.activeElement.id + document.querySelectorAll("[role=tabpanel]:not([hidden])")[0].id`, "tab-sdppanel-sdp")
	const words = `document.querySelector("#panel-sdp h3").textContent + " / " + document.querySelector("#panel-sdp .words").textContent`
	expect("the last description", words, "Answer 12 · yours / Since offer 11: restart")
	b.eval(`at("offer-sending", 6)`, nil)
	expect("the selected one", words, "Offer 6 · yours / Since offer 1: +video p1 sendonly")
	press := func(label string) {
		t.Helper()
		b.eval(fmt.Sprintf(`[...document.querySelectorAll("#panel-sdp button")].find((button) => (button.ariaLabel ?? button.textContent).startsWith(%q)).click()`, label), nil)
	}
	press("Compare")
	expect("what is added", `[...document.querySelectorAll("#panel-sdp details")].map((d) => d.open + " " + d.querySelectorAll("ins").length).join()`, "false 0,false 0,true 8")
	b.accessible("compared descriptions", "#panel-sdp")
	press("Previous")
	expect("the one before", words, "Answer 1 · wkgsy-fq2m4 / +data 0")
	if at := b.text(`store.selected.kind`); at != "answer-received" {
		t.Errorf("it is at %s", at)
	}

	b.eval(`store.follow(); store.dispatchEvent(new CustomEvent("show", { detail: { view: "compare", event: store.current.ordered().find((e) => e.kind === "answer-sending" && e.msg.seq === 12) } }))`, nil)
	await(t, "the one that is asked for", func() bool { return b.text(words) == "Answer 12 · yours / Since offer 11: restart" }, b)

	// What the other side says stays text.
	b.eval(`{
		const sdp = "v=0\r\nm=<img src=x onerror=alert(1)> 9 x\r\na=mid:<b>\r\n" + "a=<i>\r\n".repeat(9000) + "m=video 9 x\r\n".repeat(9000);
		store.add(JSON.stringify({ pn: "event", side: "here", peer: store.current.id, life: 1, kind: "offer-received", state: "stable", sdp, msg: { type: "offer", session: "<u>", seq: 99 } }));
		at("offer-received", 99);
	}`, nil)
	expect("markup", `[...document.querySelectorAll("#panel-sdp summary b")].map((b) => b.textContent).find((name) => name.includes("<")) + document.querySelectorAll("#panel-sdp :is(img, b b, u)").length`, "+ <img <b>0")
}

// openPanels opens the panels of globalThis.store on the page.
func (b *tab) openPanels() {
	b.t.Helper()
	b.eval(`(async () => {
		const style = document.createElement("link");
		Object.assign(style, { rel: "stylesheet", href: "/inspector/ladder.css" });
		const [{ create }] = await Promise.all([import("/inspector/panels/tabs.js"),
			new Promise((onload, onerror) => { Object.assign(style, { onload, onerror }); document.head.append(style); })]);
		const panels = document.createElement("section");
		panels.append(Object.assign(document.createElement("h2"), { textContent: "Panels" }));
		document.querySelector("h1").after(panels);
		create(panels, store);
	})()`, nil)
}

// The statistics of the connection are read while a panel shows them.
func TestStatistics(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, other := w.tab("/polite"), w.native(demoRoom, "impolite", false)
	if err := chromedp.Run(b.ctx, emulation.SetFocusEmulationEnabled(true)); err != nil { // a hidden page reads none
		t.Fatal(err)
	}
	b.eval(`{
		globalThis.ticking = new Set();
		const begin = setInterval, end = clearInterval;
		globalThis.setInterval = (f, ms) => { const id = begin(f, ms / 10); ticking.add(id); return id; };
		globalThis.clearInterval = (id) => { end(id); ticking.delete(id); };
		const ask = RTCPeerConnection.prototype.getStats;
		globalThis.asked = 0;
		RTCPeerConnection.prototype.getStats = function () { asked++; return ask.call(this); };
		document.querySelector("#panels").open = true;
	}`, nil)
	b.press("#tab-network")
	const title = `document.querySelector("#panel-network h3")?.textContent ?? ""`
	await(t, "nobody is there", func() bool { return strings.HasPrefix(b.text(title), "No ") }, b)
	b.connect()
	awaitChannels(t, 1, b, other)
	await(t, "a pair is selected", func() bool { return strings.HasPrefix(b.text(title), "Selected: round trip") }, b)
	selected := b.text(`document.querySelector("#panel-network li[data-selected]").textContent`)
	if !strings.Contains(selected, " udp ") || !strings.Contains(selected, "⇄") {
		t.Errorf("it is %q", selected)
	}
	if why := b.text(`document.querySelector("#panel-network .words").textContent`); !strings.Contains(why, "ICE") {
		t.Errorf("it is selected because %q", why)
	}
	b.press("#tab-rates")
	await(t, "rates are drawn", func() bool {
		return strings.Contains(b.text(`document.querySelector("#panel-rates path")?.getAttribute("d") ?? ""`), "L")
	}, b)
	b.press("#tab-log")
	if n := b.number(`ticking.size`); n != 0 {
		t.Errorf("hidden, it reads on: %d timers", n)
	}
	if n := b.number(`asked`); n == 0 {
		t.Error("it has not asked")
	}
	b.press("#tab-network")
	other.close()
	await(t, "the connection is gone", func() bool { return b.text(title) == "No connection" }, b)
}
