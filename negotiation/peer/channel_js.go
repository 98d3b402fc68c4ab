package peer

import (
	"context"
	"errors"

	"perfect-negotiation/negotiation/webapi"

	"github.com/hack-pad/safejs"
	"github.com/pion/webrtc/v4"
	"golang.org/x/sync/semaphore"
)

var errFlood = errors.New("more chat than can be shown: its data channel is closed")

// listen reports the events of a data channel, in order. pion's OnMessage
// starts a goroutine for each message, and its OnOpen never fires on a channel
// that is open. closed is told whether the association of all channels has failed or was
// aborted: no channel will open again.
func listen(dc *webrtc.DataChannel, opened func(), message func(data []byte, text bool), closed func(failed bool)) error {
	js := safejs.Safe(dc.JSValue())
	if err := js.Set("binaryType", "arraybuffer"); err != nil {
		return err
	}
	received, err := webapi.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		data, err := args[0].Get("data")
		if err != nil {
			return nil
		}
		if data.Type() == safejs.TypeString {
			s, _ := data.String()
			message([]byte(s), true)
			return nil
		}
		if content, err := bytesOf(data); err == nil {
			message(content, false)
		}
		return nil
	})
	if err != nil {
		return err
	}
	failed := false
	fails, err := webapi.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		if reason, err := args[0].Get("error"); err == nil {
			failed = failed || textOf(reason, "errorDetail") == "sctp-failure"
		}
		return nil
	})
	if err != nil {
		webapi.Release(received)
		return err
	}
	forget := func() {
		_, _ = js.Set("onmessage", safejs.Null()), js.Set("onerror", safejs.Null())
		webapi.Release(received)
		webapi.Release(fails)
	}
	if err := errors.Join(js.Set("onmessage", received), js.Set("onerror", fails)); err != nil {
		forget()
		return err
	}
	dc.OnClose(func() {
		forget()
		closed(failed)
	})
	if dc.ReadyState() == webrtc.DataChannelStateOpen {
		opened()
	} else {
		dc.OnOpen(opened)
	}
	return nil
}

// bytesOf returns what is in an ArrayBuffer.
func bytesOf(buffer safejs.Value) ([]byte, error) {
	class, err := safejs.Global().Get("Uint8Array")
	if err != nil {
		return nil, err
	}
	view, err := class.New(buffer)
	if err != nil {
		return nil, err
	}
	n, err := view.Length()
	if err != nil {
		return nil, err
	}
	content := make([]byte, n)
	_, err = safejs.CopyBytesToGo(content, view)
	return content, err
}

// admit refuses n more bytes if too many wait to be read: an event handler cannot
// wait.
func admit(_ context.Context, unread *semaphore.Weighted, n int64) error {
	if !unread.TryAcquire(n) {
		return errFlood
	}
	return nil
}

// remoteMaxMessage returns how many bytes a message to the other side may have.
// https://www.w3.org/TR/webrtc/#dom-rtcsctptransport-maxmessagesize
func remoteMaxMessage(pc *webrtc.PeerConnection) int {
	sctp, err := safejs.Safe(pc.JSValue()).Get("sctp")
	if err != nil {
		return 0
	}
	most, err := sctp.Get("maxMessageSize")
	if err != nil {
		return 0
	}
	n, err := most.Float()
	if err != nil {
		return 0
	}
	return int(min(n, maxMessage+1)) // it may be infinite
}
