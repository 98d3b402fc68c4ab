package e2e

import (
	"context"
	"fmt"
	"time"

	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"perfect-negotiation/negotiation/trace"
)

// stopwatch lets a page measure the time from a click to a channel that opens, or to
// a connection that is stable again, and how long its longest task was.
const stopwatch = `{
	const made = RTCPeerConnection, waiting = {};
	window.RTCPeerConnection = class extends made {
		constructor(...args) {
			super(...args);
			this.addEventListener("signalingstatechange", () => { waiting[this.signalingState]?.(performance.now()); });
			window.connection = this;
		}
		createDataChannel(...args) {
			const channel = super.createDataChannel(...args);
			channel.addEventListener("open", () => { waiting.open?.(performance.now()); });
			return channel;
		}
	};
	window.timed = (what, click) => new Promise((resolve, reject) => {
		setTimeout(reject, 20000, new Error("20 s and not " + what));
		waiting[what] = (end) => resolve(end - begin);
		const begin = performance.now();
		click();
	});
	// At a time, wants one more section, and tells how long it takes until it is negotiated.
	window.wish = (at) => new Promise((resolve, reject) => {
		setTimeout(reject, 20000, new Error("20 s and the section is not negotiated"));
		setTimeout(() => {
			const begin = performance.now(), wanted = connection.addTransceiver("audio", { direction: "recvonly" });
			connection.addEventListener("signalingstatechange", function granted() {
				if (connection.signalingState !== "stable" || !wanted.currentDirection) return;
				connection.removeEventListener("signalingstatechange", granted);
				resolve(performance.now() - begin);
			});
		}, at - Date.now());
	});
	window.longest = 0;
	new PerformanceObserver((list) => {
		for (const { duration } of list.getEntries()) longest = Math.max(longest, duration);
	}).observe({ type: "longtask" });
}`

// racers are two pages of a kind, a polite one and an impolite one, with JavaScript
// functions.
type racers struct {
	tabs         [2]*tab
	click, again string // connect, and negotiate again
	send         string // n lines, which begin with their number
	shown        string // the newest line on the page
}

func ourPages(w *world) racers {
	r := racers{
		click: `() => document.querySelector("#connect").click()`,
		again: `() => document.querySelector("#renegotiate").click()`,
		send: `async (n, line) => {
			const message = document.querySelector("#message"), form = document.querySelector("#chat-form");
			for (let i = 1; i <= n; i++) {
				message.value = i + line;
				form.dispatchEvent(new SubmitEvent("submit", { bubbles: true, cancelable: true })); // requestSubmit lays the page out
				if (i % 20 === 0) await new Promise(setTimeout);
			}
		}`,
		shown: `() => document.querySelector("#chat").lastElementChild?.lastElementChild.textContent`,
	}
	for i, path := range []string{"/polite", "/impolite"} {
		b := w.blank(w.url + path)
		if err := b.prepare(stopwatch); err != nil {
			w.t.Fatal(err)
		}
		b.open()
		r.tabs[i] = b
	}
	for _, b := range r.tabs {
		await(w.t, "they are paired", func() bool { return b.count(trace.Paired) > 0 }, b)
	}
	return r
}

// theirPages are in another room of the same relay.
func theirPages(w *world) racers {
	r := racers{
		click: `connect`,
		again: `renegotiate`,
		send: `async (n, line) => {
			channel.bufferedAmountLowThreshold = 1 << 19;
			for (let i = 1; i <= n; i++) {
				if (channel.bufferedAmount > 1 << 20) await new Promise((low) => { channel.onbufferedamountlow = low; });
				channel.send(i + line);
			}
		}`,
		shown: `() => document.body.lastElementChild?.lastElementChild.textContent`,
	}
	for i, role := range []string{"polite", "impolite"} {
		b := w.blank(fmt.Sprintf("%s/w3c/w3c.html?room=javascript&role=%s", w.url, role))
		if err := b.prepare(stopwatch); err != nil {
			w.t.Fatal(err)
		}
		if err := b.navigate(b.url); err != nil {
			w.t.Fatal(err)
		}
		await(w.t, "the page is in the room", func() bool { return b.text(`socket.readyState + ""`) == "1" })
		// A plain page that shows what it receives: the last 1,000 lines, with the time.
		b.eval(`events.received.push = (line) => {
			const p = document.createElement("p"), time = document.createElement("time"), text = document.createElement("span");
			time.textContent = new Date().toISOString().slice(11, 23);
			text.textContent = line;
			p.append(time, " ", text);
			document.body.append(p);
			if (document.body.childElementCount > 1000) document.body.firstElementChild.remove();
		};
		null`, nil)
		r.tabs[i] = b
	}
	return r
}

// connect connects from one side, and returns how many ms that took.
func (r racers) connect(side int) float64 { return r.timed(side, "open", r.click) }

func (r racers) renegotiate(side int) float64 { return r.timed(side, "stable", r.again) }

func (r racers) timed(side int, what, click string) (ms float64) {
	b := r.tabs[side]
	b.t.Helper()
	b.eval(fmt.Sprintf(`timed(%q, %s)`, what, click), &ms)
	return ms
}

// collide has both sides want something at the same moment, so that their offers cross,
// and returns how many ms it took until both had it.
func (r racers) collide() float64 {
	at := time.Now().Add(200 * time.Millisecond).UnixMilli()
	took := make(chan float64)
	for _, b := range r.tabs {
		go func() {
			var ms float64
			b.eval(fmt.Sprintf("wish(%d)", at), &ms)
			took <- ms
		}()
	}
	return max(<-took, <-took)
}

// chat sends n lines of so many characters from one side to the other, and returns how
// many were shown per second.
func (r racers) chat(side, n, size int) float64 {
	from, to := r.tabs[side], r.tabs[1-side]
	from.t.Helper()
	var begin, end float64
	from.eval(fmt.Sprintf(`window.line = " " + "x".repeat(%d); performance.timeOrigin + performance.now()`, size), &begin)
	from.eval(fmt.Sprintf(`(%s)(%d, line)`, r.send, n), nil)
	to.eval(fmt.Sprintf(`new Promise((resolve, reject) => {
		setTimeout(reject, 60000, new Error("60 s and not all are shown"));
		const shown = %s;
		(function look() {
			if (shown()?.startsWith("%d ")) resolve(performance.timeOrigin + performance.now());
			else setTimeout(look, 2);
		})();
	})`, r.shown, n), &end)
	return float64(n) / (end - begin) * 1000
}

// heap returns how many MB of JavaScript are alive, without a program's memory.
func (r racers) heap(side int) float64 {
	b := r.tabs[side]
	b.t.Helper()
	var used float64
	if err := chromedp.Run(b.ctx, heapprofiler.CollectGarbage(), chromedp.ActionFunc(func(ctx context.Context) (err error) {
		used, _, _, _, err = runtime.GetHeapUsage().Do(ctx)
		return err
	})); err != nil {
		b.t.Fatal(err)
	}
	return used / 1e6
}
