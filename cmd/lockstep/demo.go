package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/lockstep-dev/lockstep/cmd/lockstep/live"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

const (
	demoApp     = "web"
	demoTimeout = 2 * time.Minute
)

// demoFlags are the flags of demo.
type demoFlags struct {
	logFlags
	kubeconfig, context, namespace, listen string
	once                                   bool
	output                                 outputFlag
}

func newDemo() *cobra.Command {
	f := demoFlags{output: outputFlag{value: outputText}}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Watch a commit turn one pod into three",
		Long: `Makes a repository of a Deployment and a Service, runs the daemon on it, and commits "replicas: 3".
Then it is yours: edit, commit, watch. Ctrl-C removes everything that it made.`,
		Args: wantsNone,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd.Context(), cmd) },
	}
	f.register(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.kubeconfig, "kubeconfig", "", "kubeconfig file (default: $KUBECONFIG, then ~/.kube/config)")
	flags.StringVar(&f.context, "context", "", "kubeconfig context; needed unless the current one is a local cluster")
	flags.StringVarP(&f.namespace, "namespace", "n", "lockstep-demo", "namespace to make, and to remove at the end")
	flags.StringVar(&f.listen, "listen", "127.0.0.1:0", "address of the status API; port 0 for a free one")
	flags.BoolVar(&f.once, "once", false, "end after the commit")
	f.output.register(cmd, outputText, outputJSON)
	return cmd
}

func (f *demoFlags) run(ctx context.Context, cmd *cobra.Command) (err error) {
	log, err := f.logger(cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	repo, err := newDemoRepository(ctx)
	if err != nil {
		return unlessEnded(ctx, err)
	}
	defer func() { err = errors.Join(err, repo.remove()) }()
	source := &sourceFlags{
		repo: repo.dir, refFlags: refFlags{branch: demoBranch}, path: demoFolder, name: demoApp, namespace: f.namespace, prune: true,
		clusterFlags: clusterFlags{kubeconfig: f.kubeconfig, context: f.context, stateNamespace: f.namespace},
	}
	d, err := source.wire(ctx, log)
	if err != nil {
		return unlessEnded(ctx, err)
	}
	defer d.close()
	d.app.Timeout = demoTimeout
	stage, err := openStage(ctx, d.client, f.namespace, cmd.ErrOrStderr())
	if err != nil {
		return unlessEnded(ctx, err)
	}
	defer func() { err = errors.Join(err, stage.close(context.WithoutCancel(ctx))) }()
	out := cmd.OutOrStdout()
	if f.output.value == outputText {
		view := f.view(out, d.app, log)
		d.observe(view)
		out = f.aside(view, out)
	}
	return unlessEnded(ctx, f.play(ctx, d, repo, out))
}

// play runs the daemon beside the play that is given for it.
func (f *demoFlags) play(ctx context.Context, d *daemon, repo *demoRepository, out io.Writer) error {
	aside := out
	if f.output.value == outputJSON {
		aside = io.Discard
	}
	verdicts := make(verdicts, 1)
	d.observe(verdicts)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return d.run(ctx, sync.DefaultInterval, f.listen, aside) })
	group.Go(func() error {
		err := f.act(ctx, d.store, repo, verdicts, out)
		if err == nil && !f.once {
			<-ctx.Done()
		}
		stop()
		return err
	})
	err := group.Wait()
	if errors.Is(err, context.Canceled) {
		return nil // the play is over
	}
	return err
}

// act is the play: wait for one pod, ask for three, wait for those, and say where the time went.
func (f *demoFlags) act(ctx context.Context, store *status.Store, repo *demoRepository, verdicts verdicts, out io.Writer) error {
	if err := verdicts.wait(ctx, repo.head); err != nil {
		return err
	}
	if err := repo.scale(3); err != nil {
		return err
	}
	if err := verdicts.wait(ctx, repo.head); err != nil {
		return err
	}
	app, _ := store.App(demoApp)
	if f.output.value == outputJSON {
		return printJSON(out, app)
	}
	return printStory(out, app, repo, f.once)
}

// printStory says where the time went, and what one can do now.
func printStory(out io.Writer, app status.App, repo *demoRepository, once bool) error {
	var text strings.Builder
	text.WriteString("\nWhere the time went:\n")
	live.Times(&text, app.Timeline)
	if !once {
		fmt.Fprintf(&text, `
The repository is %[1]s. In another terminal:
  cd %[1]s
  edit %[2]s/web-deployment.yaml
  git commit -am "my change"
Ctrl-C ends the demo and removes everything that it made.
`, repo.dir, demoFolder)
	}
	_, err := io.WriteString(out, text.String()+"\n")
	return err
}
