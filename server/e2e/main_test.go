package e2e

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"testing"

	"github.com/chromedp/chromedp"
	"go.uber.org/goleak"
)

// phonesHost is this machine by a name that the browser does not trust.
const phonesHost = "pn.test"

// browser is one Chromium for all tests; nil without PN_TABS.
var browser context.Context

func TestMain(m *testing.M) {
	if os.Getenv("PN_TABS") == "" {
		goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
			removeProgram()
			os.Exit(code)
		}))
		return
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chrome()),
		chromedp.NoSandbox,
		chromedp.Flag("allow-loopback-in-peer-connection", true),
		chromedp.Flag("disable-features", "WebRtcHideLocalIpsWithMdns"),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-backgrounding-occluded-windows", true),
		chromedp.Flag("disable-renderer-backgrounding", true),
		chromedp.Flag("use-fake-device-for-media-stream", true),
		chromedp.Flag("use-fake-ui-for-media-stream", true),
		chromedp.Flag("host-resolver-rules", "MAP "+phonesHost+" 127.0.0.1"),
		chromedp.ModifyCmdFunc(endWithTest),
	)
	flag.Parse()
	if *speedRounds == 0 { // a tab starts in less time, and runs slower
		options = append(options,
			// Tabs share a process for each core, and in it the compiled program.
			chromedp.Flag("renderer-process-limit", fmt.Sprint(runtime.NumCPU())),
			chromedp.Flag("js-flags", "--liftoff-only"))
	}
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	first, cancelFirst := chromedp.NewContext(allocator)
	if err := chromedp.Run(first); err != nil {
		fmt.Fprintln(os.Stderr, "start the browser:", err)
		os.Exit(1)
	}
	browser = first
	code := m.Run()
	removeProgram()
	cancelFirst()
	cancel()
	http.DefaultClient.CloseIdleConnections()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func chrome() string {
	name := os.Getenv("CHROME")
	if name == "" {
		name = "chromium"
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return name
	}
	return path
}
