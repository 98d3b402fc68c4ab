package e2e

import (
	"bytes"
	"image"
	"image/draw"
	"image/png"
	"os"
	"testing"

	cdp "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// TestScreenshot makes the picture in README.md: two tabs whose offers collided.
func TestScreenshot(t *testing.T) {
	path := os.Getenv("PN_SCREENSHOT")
	if path == "" {
		t.Skip("only for make screenshot")
	}
	w := newWorld(t)
	polite, impolite := w.tab("/polite"), w.tab("/impolite")
	for _, b := range []*tab{polite, impolite} {
		if err := chromedp.Run(b.ctx, chromedp.EmulateViewport(1100, 552)); err != nil {
			t.Fatal(err)
		}
	}
	polite.connect()
	awaitChannels(t, 1, polite, impolite)
	renegotiateAtOnce(t, polite, impolite, 2)
	polite.say("Both of us just sent an offer.")
	await(t, "chat arrives", func() bool { return len(impolite.received()) == 1 })
	impolite.say("And nothing was lost.")
	await(t, "chat arrives", func() bool { return len(polite.received()) == 1 })

	var both *image.RGBA
	for i, b := range []*tab{polite, impolite} {
		var shot []byte
		if err := chromedp.Run(b.ctx, cdp.BringToFront(), chromedp.CaptureScreenshot(&shot)); err != nil {
			t.Fatal(err)
		}
		picture, err := png.Decode(bytes.NewReader(shot))
		if err != nil {
			t.Fatal(err)
		}
		size := picture.Bounds().Size()
		if both == nil {
			both = image.NewRGBA(image.Rect(0, 0, size.X, 2*size.Y+8))
		}
		draw.Draw(both, picture.Bounds().Add(image.Pt(0, i*(size.Y+8))), picture, image.Point{}, draw.Src)
	}
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(file, both); err != nil {
		t.Fatal(err)
	}
}
