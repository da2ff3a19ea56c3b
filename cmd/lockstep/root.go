package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/lockstep-dev/lockstep/health"
	"github.com/lockstep-dev/lockstep/sync"
)

// Exit codes. A script can tell "nothing works" from "it is applied and does not serve".
const (
	exitHealthy    = 0
	exitError      = 1
	exitChanges    = 2 // of plan: something would change
	exitGateFailed = 3
)

// exit is an error that has been told already and only carries an exit code.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// execute runs one command line and returns the exit code. Errors go to stderr as one line; that stdout cannot be written is one.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	out := &printed{Writer: stdout}
	root := newRoot()
	root.SetArgs(args)
	if root.SetOut(out); isTerminal(stdout) {
		root.SetOut(stdout)
	}
	root.SetErr(stderr)
	completeShell(root)
	err := root.ExecuteContext(marked(ctx))
	if failed := out.failed(); failed != nil {
		_, _ = fmt.Fprintln(stderr, "lockstep: "+failed.Error())
	}
	tell(ctx, err, out, stderr)
	return out.judge(exitCode(err))
}

// tell says on stderr what a command has ended with, unless it has been told already.
func tell(ctx context.Context, err error, out *printed, stderr io.Writer) {
	var code exit
	switch {
	case err == nil, errors.As(err, &code), out.told(err):
	case isEndOf(ctx, err):
		_, _ = fmt.Fprintln(stderr, "lockstep: interrupted")
	default:
		_, _ = fmt.Fprintln(stderr, "lockstep: "+err.Error())
	}
}

func exitCode(err error) int {
	var code exit
	switch {
	case err == nil:
		return exitHealthy
	case errors.As(err, &code):
		return int(code)
	case isUnhealthy(err):
		return exitGateFailed
	default:
		return exitError
	}
}

// isUnhealthy reports whether everything is applied and does not serve, or an earlier commit in its place.
func isUnhealthy(err error) bool {
	_, failed := errors.AsType[*health.Failure](err)
	_, rolledBack := errors.AsType[*sync.RolledBackError](err)
	return failed || rolledBack
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "lockstep",
		Short: "Keeps a Kubernetes cluster in step with a git repository",
		Long: `Lockstep pulls a git repository of manifests, server-side applies them, and then holds the
commit to its word: the rollout must finish, and every Service must route to the pods it promises.`,
		Version:       buildVersion(),
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(newRun(), newPlan(), newValidate(), newStatus(), newHistory(), newDemo(), newRBAC(), newVersion())
	root.AddCommand(newOrders()...)
	root.SetVersionTemplate(versionLine() + "\n")
	return root
}
