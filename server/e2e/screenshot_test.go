package e2e

import (
	"bytes"
	"cmp"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	cdp "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"perfect-negotiation/negotiation/trace"
)

// maxPicture is how large a picture in README.md may be, in bytes.
const maxPicture = 150_000

// TestScreenshot makes the pictures in README.md: the demo after one press of Collide, on
// a desktop and on a phone.
func TestScreenshot(t *testing.T) {
	dir := os.Getenv("PN_SCREENSHOT")
	if dir == "" {
		t.Skip("only for make screenshot")
	}
	w := newWorld(t)
	for _, picture := range []struct {
		name          string
		width, height int64
		scale         float64
		phone         bool
	}{
		{"collision.png", 1280, 820, 1.4, false},
		{"collision-phone.png", 412, 915, 2, true},
	} {
		b := w.rawTab(w.url + "/healthz")
		screen := []chromedp.EmulateViewportOption{chromedp.EmulateScale(picture.scale)}
		if picture.phone {
			screen = append(screen, chromedp.EmulateMobile, chromedp.EmulateTouch)
		}
		if err := chromedp.Run(b.ctx, cdp.BringToFront(), chromedp.EmulateViewport(picture.width, picture.height, screen...), emulation.SetFocusEmulationEnabled(true)); err != nil {
			t.Fatal(err)
		}
		b.show(w.url + "/demo")
		await(t, "Collide can be pressed", func() bool { return b.text(`String(document.querySelector("#collide")?.disabled)`) == "false" }, b)
		await(t, "all channels are open", func() bool { return b.count(trace.ChannelOpened) == 4 }, b)
		b.press("#collide")
		await(t, "both collisions are drawn, and over", func() bool {
			return len(b.texts(`#ladder > li[data-kind="collision"][data-state="settled"]`)) == 2 &&
				len(b.texts(`#ladder > li:nth-last-child(1 of [data-kind="collision"]) .mark.good`)) == 2
		}, b)
		await(t, "the newest is in view", func() bool {
			return b.text(`((list) => {
				const { top, bottom } = list.getBoundingClientRect(), newest = list.querySelector("li:nth-last-child(1 of [data-kind=collision])").getBoundingClientRect();
				return String(Math.abs(newest.top - top) < 2 || newest.top > top && newest.bottom < bottom + 2);
			})(document.querySelector("#ladder"))`) == "true"
		}, b)
		var shot []byte
		if err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot(&shot)); err != nil {
			t.Fatal(err)
		}
		small, err := reduced(shot)
		if err != nil {
			t.Fatal(err)
		}
		if len(small) > maxPicture {
			t.Errorf("%s has %d bytes", picture.name, len(small))
		}
		if err := os.WriteFile(filepath.Join(dir, picture.name), small, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// reduced encodes a PNG anew, with the 256 colours that it has most of: the rest of a page
// are shades between them.
func reduced(shot []byte) ([]byte, error) {
	picture, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		return nil, err
	}
	counts := map[color.RGBA]int{}
	bounds := picture.Bounds()
	at := func(x, y int) color.RGBA { return color.RGBAModel.Convert(picture.At(x, y)).(color.RGBA) }
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			counts[at(x, y)]++
		}
	}
	most := slices.SortedFunc(maps.Keys(counts), func(a, b color.RGBA) int {
		return cmp.Or(counts[b]-counts[a], int(a.R)-int(b.R), int(a.G)-int(b.G), int(a.B)-int(b.B))
	})
	var palette color.Palette
	for _, c := range most[:min(len(most), 256)] {
		palette = append(palette, c)
	}
	nearest := map[color.RGBA]uint8{}
	for _, c := range most {
		nearest[c] = uint8(palette.Index(c))
	}
	out := image.NewPaletted(bounds, palette)
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			out.SetColorIndex(x, y, nearest[at(x, y)])
		}
	}
	var b bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	err = encoder.Encode(&b, out)
	return b.Bytes(), err
}
