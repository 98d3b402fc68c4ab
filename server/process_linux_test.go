package main

import (
	"os/exec"
	"syscall"
)

// endWithTest has the browser end when the test does, however that ends.
func endWithTest(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
