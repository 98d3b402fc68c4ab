package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/urfave/cli/v3"

	"perfect-negotiation/negotiation"
)

// released is the version that make dist writes into the program.
var released string

// version returns the program's version: that of the release, else that of the module,
// else devel.
func version() string {
	if released != "" {
		return released
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}

func versionFlag() cli.Flag {
	return &cli.BoolFlag{Name: "version", Local: true, Usage: "print the version"}
}

// orVersion is an action that --version replaces.
func orVersion(action cli.ActionFunc) cli.ActionFunc {
	return func(ctx context.Context, c *cli.Command) error {
		if !c.Bool("version") {
			return action(ctx, c)
		}
		if err := noArguments(c); err != nil {
			return err
		}
		_, err := fmt.Fprintf(c.Root().Writer, "server %s, negotiation source %s, %s, %s/%s\n",
			version(), negotiation.Source[:8], runtime.Version(), runtime.GOOS, runtime.GOARCH)
		return err
	}
}
