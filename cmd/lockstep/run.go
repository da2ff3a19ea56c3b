package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/lockstep-dev/lockstep/cmd/lockstep/lease"
	"github.com/lockstep-dev/lockstep/health/probe"
	"github.com/lockstep-dev/lockstep/sync"
)

// runFlags are the flags of run.
type runFlags struct {
	sourceFlags
	logFlags
	hooks hookFlags
	replicaFlags
	interval, timeout time.Duration
	listen            string
	once              bool
	probes            []string
	onFailure         outputFlag
	config            string
	syncTokens        string
	pprof             string
	traces            traceFlags
}

func newRun() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run --repo URL|DIR | --config FILE",
		Short: "Keep the cluster in step with a repository, or with many",
		Long: `Applies the head of a branch, waits until it serves, and does so again for every commit. With --config,
for every app of the file; a change of the file takes effect at once.

A folder is watched: a commit is enough, nothing has to be pushed; with --worktree a save is. A remote is asked
each interval, and more often while it moves. Without --context only a local cluster is written to.

Exit codes of --once: 0 healthy, 1 error, 3 applied and not healthy within --timeout, or back on an earlier commit.`,
		Example: `  lockstep run --repo . --path manifests
  lockstep run --repo https://git.example.com/team/shop.git --path manifests/web --context prod --once
  lockstep run --config lockstep.yaml --context prod`,
		Args: wantsNone,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd.Context(), cmd) },
	}
	f.sourceFlags.register(cmd)
	f.logFlags.register(cmd)
	f.hooks.register(cmd)
	f.replicaFlags.register(cmd)
	flags := cmd.Flags()
	flags.DurationVar(&f.interval, "interval", sync.DefaultInterval, "how often the repository is asked at rest, and drift looked for")
	flags.DurationVar(&f.timeout, "timeout", sync.DefaultTimeout, "how long a commit may take until it serves")
	flags.StringArrayVar(&f.probes, "probe", nil, "URL of a Service of the app that has to answer as well, as http://web-service:80/")
	f.onFailure = outputFlag{value: "hold", allowed: []string{"hold", "rollback"}}
	flags.Var(&f.onFailure, "on-failure", "what a commit leads to that does not serve: hold it, or rollback to the last healthy state")
	_ = cmd.RegisterFlagCompletionFunc("on-failure", cobra.FixedCompletions(f.onFailure.allowed, cobra.ShellCompDirectiveNoFileComp))
	flags.StringVar(&f.listen, "listen", "127.0.0.1:8080", "address of the status API; empty for none")
	flags.BoolVar(&f.worktree, "worktree", false, "take the files of the folder as they are on disk, uncommitted, in place of the branch's head")
	flags.StringVar(&f.config, "config", "", "config file of many repositories and apps, instead of --repo")
	flags.StringVar(&f.syncTokens, "sync-token-file", "", "file with the token of who may ask over HTTP for what lockstep sync does, or folder of such files; empty for nobody")
	flags.StringVar(&f.pprof, "pprof", "", "loopback address of profiles and of the log's level, as 127.0.0.1:6060; empty for none")
	f.traces.register(cmd)
	flags.BoolVar(&f.once, "once", false, "apply the head once, wait until it serves, and exit")
	return cmd
}

func (f *runFlags) run(ctx context.Context, cmd *cobra.Command) error {
	log, err := f.logger(cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	return f.inLog(ctx, log, f.runLogging(ctx, cmd, log))
}

// runLogging runs with a log.
func (f *runFlags) runLogging(ctx context.Context, cmd *cobra.Command, log *zap.Logger) error {
	if err := f.check(cmd); err != nil {
		return err
	}
	if f.elect {
		f.guard = lease.NewGuard()
	}
	if f.config != "" {
		return f.runConfig(ctx, cmd, log)
	}
	probes, err := f.urls()
	if err != nil {
		return err
	}
	daemon, err := f.wire(ctx, log)
	if err != nil {
		return err
	}
	defer daemon.close()
	if err := f.replicate(daemon); err != nil {
		return err
	}
	daemon.app.Timeout, daemon.app.Probes, daemon.app.Rollback = f.timeout, probes, f.onFailure.value == "rollback"
	view := f.view(cmd.OutOrStdout(), daemon.app, log)
	daemon.observe(view)
	if f.once {
		brief(view)
		sent, err := daemon.signals.trace(&f.traces)
		if err != nil {
			return err
		}
		err = daemon.once(ctx)
		sent()
		return unlessTold(ctx, err, view, cmd.ErrOrStderr())
	}
	if daemon.hooks, err = f.hooks.receive(daemon.repository, f.refFlags, log); err != nil {
		return err
	}
	daemon.asking = f.askable(daemon)
	if err := f.outlook(daemon.signals); err != nil {
		return err
	}
	if err := daemon.run(ctx, f.interval, f.listen, f.aside(view, cmd.OutOrStdout())); err != nil {
		return err
	}
	return f.leave(cmd.OutOrStdout())
}

// outlook opens what an operator asks for beside the status.
func (f *runFlags) outlook(s *signals) error {
	return cmp.Or(s.open(f.pprof, f.now), s.export(&f.traces))
}

// leave says that a daemon has ended, once nothing draws any more, so that a prompt has a line of its own.
func (f *runFlags) leave(out io.Writer) error {
	if f.format == formatJSON {
		return nil
	}
	_, err := fmt.Fprintln(out, "stopped; the cluster stays as it is")
	return err
}

// ofOneApp are the flags that a config file says for each app or repository instead.
var ofOneApp = []string{
	"repo", "credentials", "branch", "tag", "semver", "ref", "commit", "verify-keys", "path", "namespace", "name", "prune", "adopt",
	"interval", "timeout", "probe", "on-failure", "webhook-provider", "webhook-secret-file", "worktree",
}

// urls are what --probe says.
func (f *runFlags) urls() ([]probe.URL, error) {
	var all []probe.URL
	for _, text := range f.probes {
		u, err := probe.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("--probe: %w", err)
		}
		all = append(all, u)
	}
	return all, nil
}

// besideConfig refuses those of the flags that a command has and that were given.
func besideConfig(cmd *cobra.Command) error {
	return beside(cmd, "config", "the file says it for each app", ofOneApp...)
}

// beside refuses the first of the flags of those names that was given, and says why it does not go with another one.
func beside(cmd *cobra.Command, flag, why string, names ...string) error {
	for _, name := range names {
		if cmd.Flags().Changed(name) {
			return fmt.Errorf("--%s does not go with --%s: %s", name, flag, why)
		}
	}
	return nil
}

func (f *runFlags) check(cmd *cobra.Command) error {
	if err := cmp.Or(f.replicaFlags.check(cmd, f.once), f.checkOnce(cmd), f.checkOutlook(), f.checkAsking()); err != nil {
		return err
	}
	switch {
	case f.config != "":
		return cmp.Or(besideConfig(cmd), f.checkCluster())
	case f.repo == "":
		return errors.New("want --repo for one app, or --config for many")
	}
	if f.timeout <= 0 {
		return errTimeout
	}
	return cmp.Or(f.checkWorktree(cmd), f.checkRef(cmd), checkInterval(f.interval), f.hooks.check())
}

// checkOnce refuses with --once what only a daemon does.
func (f *runFlags) checkOnce(cmd *cobra.Command) error {
	if !f.once {
		return nil
	}
	served := []string{"webhook-listen", "webhook-provider", "webhook-secret-file", "pprof", "interval"}
	if f.listen != "" { // that says to serve nothing, as a single pass does
		served = append(served, "listen")
	}
	return beside(cmd, "once", "a single pass serves nothing and waits for no other commit", served...)
}

// checkWorktree refuses with --worktree what says which commit is meant, or who must have signed it.
func (f *runFlags) checkWorktree(cmd *cobra.Command) error {
	if !f.worktree {
		return nil
	}
	return beside(cmd, "worktree", "files on disk are of no commit, and nobody has signed them",
		append([]string{"branch", "verify-keys", "credentials"}, insteadOfBranch...)...)
}

// stdoutFile returns w as a file if it is one of the process's own outputs: only then can it be a terminal.
func stdoutFile(w any) (*os.File, bool) {
	file, ok := w.(*os.File)
	return file, ok
}
