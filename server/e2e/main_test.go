package e2e

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"testing"

	"github.com/chromedp/chromedp"
	"go.uber.org/goleak"

	"perfect-negotiation/server/certs"
)

// phonesHost is this machine by a name that the browser does not trust.
const phonesHost = "pn.test"

// browser is one Chromium for all tests; nil without PN_TABS.
var browser context.Context

// ownCertificate is one of --tls-self-signed that the browser takes.
var ownCertificate tls.Certificate

func TestMain(m *testing.M) {
	if os.Getenv("PN_TABS") == "" {
		goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
			removeProgram()
			os.Exit(code)
		}))
		return
	}
	dir, err := os.MkdirTemp("", "pn-e2e-")
	if err == nil {
		ownCertificate, err = certs.SelfSigned(dir)
		err = errors.Join(err, os.RemoveAll(dir))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "make a certificate:", err)
		os.Exit(1)
	}
	publicKey := sha256.Sum256(ownCertificate.Leaf.RawSubjectPublicKeyInfo)
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
		chromedp.Flag("ignore-certificate-errors-spki-list", base64.StdEncoding.EncodeToString(publicKey[:])),
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
