package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/lockstep-dev/lockstep/cmd/localcluster/controlplane"
)

// up is the flags of the command.
type up struct {
	options    controlplane.Options
	foreground bool
	untilStdin bool
	ephemeral  bool
	reportFD   int
	dir        controlplane.Dir
	out, err   io.Writer
}

func newUpCommand() *cobra.Command {
	u := &up{options: controlplane.DefaultOptions()}
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Start a new cluster, and return when it is ready",
		Long: `Start a new cluster, and return when it is ready: its nodes are Ready and a first pod has run.

A cluster that runs already is left as it is. Nothing is kept of an earlier one: each start makes a new cluster, with
new keys and another port. The cluster runs until "down", or with --foreground as long as the command does.`,
		Example: `  localcluster up --nodes 5 --node-cpu 2
  export KUBECONFIG=$(localcluster kubeconfig --path)`,
		Args: cobra.NoArgs,
	}
	flags := cmd.Flags()
	flags.IntVar(&u.options.Nodes, "nodes", u.options.Nodes, "number of nodes")
	flags.StringVar(&u.options.NodeCPU, "node-cpu", u.options.NodeCPU, "CPUs of each node")
	flags.StringVar(&u.options.NodeMemory, "node-memory", u.options.NodeMemory, "memory of each node")
	flags.IntVar(&u.options.NodePods, "node-pods", u.options.NodePods, "pods that fit on each node")
	flags.BoolVar(&u.foreground, "foreground", false, "run the cluster in this process, until Ctrl-C or SIGTERM")
	flags.BoolVar(&u.untilStdin, "until-stdin-closes", false, "with --foreground: end also when standard input ends")
	flags.BoolVar(&u.ephemeral, "ephemeral", false, "with --foreground: remove the cluster's folder, logs too, at the end")
	flags.IntVar(&u.reportFD, "report-fd", 0, "file descriptor that the start is reported to")
	_ = flags.MarkHidden("report-fd") // between up and the process that it leaves behind
	dir := addDirFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		if u.dir, err = clusterDir(*dir); err != nil {
			return err
		}
		u.out, u.err = cmd.OutOrStdout(), cmd.ErrOrStderr()
		return u.run(cmd.Context())
	}
	return cmd
}

func (u *up) run(ctx context.Context) error {
	if err := u.options.Validate(); err != nil {
		return err
	}
	if !u.foreground && (u.untilStdin || u.ephemeral) {
		return errors.New("--until-stdin-closes and --ephemeral need --foreground")
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	pid, running, err := controlplane.Owner(u.dir)
	switch {
	case err != nil:
		return err
	case running && u.foreground:
		return &controlplane.RunningError{Dir: u.dir, Supervisor: pid}
	case running:
		return u.keep(ctx)
	case u.foreground:
		return u.supervise(ctx)
	default:
		return u.launch(ctx)
	}
}

// keep leaves the running cluster as it is, and says so when it is ready: another up may be starting it right now.
func (u *up) keep(ctx context.Context) error {
	state, err := controlplane.AwaitReady(ctx, u.dir)
	if err != nil {
		return err
	}
	say(u.out, "A cluster runs already; nothing was changed.\n")
	if state.Options != u.options {
		say(u.out, "It has %s.\n", describe(state.Options))
	}
	u.tell(state)
	return nil
}

func (u *up) tell(s controlplane.State) {
	say(u.out, "Kubernetes %s at %s, %d nodes.\n", kubernetesVersion(), s.Server, s.Options.Nodes)
	say(u.out, "export KUBECONFIG=%s\n", s.Kubeconfig)
}

func describe(o controlplane.Options) string {
	return fmt.Sprintf("%d nodes of %s CPUs, %s of memory and %d pods", o.Nodes, o.NodeCPU, o.NodeMemory, o.NodePods)
}
