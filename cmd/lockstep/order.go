package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/cmd/lockstep/live"
	"github.com/lockstep-dev/lockstep/sync"
)

const (
	// takenWithin is how long a running daemon takes at most to take a command up.
	takenWithin = 15 * time.Second
	// askEvery is how often the answer is looked for.
	askEvery = 200 * time.Millisecond
)

// orderFlags are those of the commands that ask something of a daemon.
type orderFlags struct {
	clusterFlags
	output outputFlag
	wait   time.Duration
	to     string
}

// newOrders are the commands that ask something of the daemon that keeps an app.
func newOrders() []*cobra.Command {
	rollback := newOrder(sync.OrderRollback, "Bring an earlier state live, until there is another commit or lockstep sync",
		`Applies the last healthy state but the one that is live, or the revision that --to names: as it was rendered, where that
is kept, and any other commit as it is read from git now, within the guards of every commit. What came after it goes, but for
what data would go with. See lockstep history for the revisions, and which of them are kept.`)
	return []*cobra.Command{
		newOrder(sync.OrderSync, "Bring the newest commit live now, also one that was rejected or is held back",
			"Has the daemon look at the app now, lifts a rollback, and gives a commit that has failed all of its time again."),
		rollback,
		newOrder(sync.OrderSuspend, "Leave an app as it is, until lockstep resume", "Nothing of the app is applied, pruned or set back."),
		newOrder(sync.OrderResume, "Keep an app in step again that was suspended", "The newest commit is brought live."),
	}
}

func newOrder(verb sync.Verb, short, long string) *cobra.Command {
	f := orderFlags{output: outputFlag{value: outputText}}
	cmd := &cobra.Command{
		Use: string(verb) + " APP", Short: short, Args: wants("one app", 1),
		Long: long + `

The daemon that keeps the app is asked through a Secret in --state-namespace: it may run anywhere, and whoever may write
Secrets there may ask. Exit codes: 0 done, and the app serves; 1 error; 3 applied and not healthy, or back on an earlier commit.`,
		ValidArgsFunction: f.complete,
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd.Context(), cmd, inventory.Request{App: args[0], Action: string(verb), To: f.to})
		},
	}
	f.register(cmd)
	f.output.register(cmd, outputText, outputJSON)
	cmd.Flags().DurationVar(&f.wait, "wait", inventory.MaxWait, "how long to wait for the daemon's answer")
	if verb == sync.OrderRollback {
		cmd.Flags().StringVar(&f.to, "to", "", "revision: a hash, or the digits that it begins with (default: the last healthy one but what is live)")
	}
	return cmd
}

// records connects to the inventories of the cluster that the flags mean.
func (f *clusterFlags) records(ctx context.Context) (*inventory.Store, error) {
	if err := f.checkCluster(); err != nil {
		return nil, err
	}
	_, c, err := f.reach(ctx)
	if err != nil {
		return nil, err
	}
	return inventory.NewStore(c, f.stateNamespace), nil
}

// complete are the names of the apps on record.
func (f *clusterFlags) complete(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), 5*time.Second)
	defer cancel()
	store, err := f.records(ctx)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	all, _, _ := store.All(ctx) // without an answer there is nothing to offer
	var names []string
	for _, i := range all {
		names = append(names, i.App)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

func (f *orderFlags) run(ctx context.Context, cmd *cobra.Command, request inventory.Request) error {
	store, err := f.records(ctx)
	if err != nil {
		return err
	}
	request.ID, request.At = rand.Text(), time.Now()
	if err := store.Ask(ctx, request); apierrors.IsNotFound(err) {
		return fmt.Errorf("there is no namespace %s, so no daemon keeps its apps there: is \"lockstep run\" running, with another --state-namespace?",
			f.stateNamespace)
	} else if err != nil {
		return unreachable(err)
	}
	defer func() {
		leaving, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
		defer cancel()
		_ = store.Withdraw(leaving, request) // one that stays is too old for a daemon soon
	}()
	answer, err := f.await(ctx, store, request, progressTo(cmd.ErrOrStderr()))
	if err != nil {
		return err
	}
	return f.tell(cmd, request, answer)
}

// progressTo says on a terminal what one waits for.
func progressTo(out io.Writer) func(string) {
	file, isFile := stdoutFile(out)
	if !isFile || !live.IsTerminal(file) {
		return func(string) {}
	}
	return func(text string) { _, _ = fmt.Fprintln(out, text) }
}

// await returns the daemon's answer.
func (f *orderFlags) await(ctx context.Context, store *inventory.Store, request inventory.Request, say func(string)) (*inventory.Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, f.wait)
	defer cancel()
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for said, began := false, time.Now(); ; {
		answer, taken, err := store.Answered(ctx, request)
		switch {
		case ctx.Err() == nil && err != nil:
			return nil, err
		case answer != nil:
			return answer, nil
		case !taken && time.Since(began) > takenWithin:
			return nil, f.untaken(request.App)
		case taken && !said:
			said = true
			say(request.App + ": the daemon has taken it up; waiting until it is done")
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			switch {
			case errors.Is(ctx.Err(), context.DeadlineExceeded) && !taken:
				return nil, f.untaken(request.App)
			case errors.Is(ctx.Err(), context.DeadlineExceeded):
				return nil, fmt.Errorf("%s: no answer within %s; what was begun goes on, see lockstep status", request.App, f.wait)
			}
			return nil, ctx.Err()
		}
	}
}

// untaken is the error when no daemon has taken the command up, so that it is taken back.
func (f *orderFlags) untaken(app string) error {
	return fmt.Errorf("no daemon keeps an app %q with --state-namespace %s: is \"lockstep run\" running? The command was taken back",
		app, f.stateNamespace)
}

// answered is what -o json prints of an answer.
type answered struct {
	App     string `json:"app"`
	Action  string `json:"action"`
	State   string `json:"state"`
	Message string `json:"message"`
	Code    int    `json:"code"`
}

func (f *orderFlags) tell(cmd *cobra.Command, request inventory.Request, answer *inventory.Answer) error {
	var err error
	text := fmt.Sprintf("%s: %s: %s", request.App, answer.State, answer.Message)
	if answer.Code == exitError && answer.State != string(sync.Failed) && answer.State != string(sync.Blocked) {
		text = fmt.Sprintf("%s: %s; the app stays %s", request.App, answer.Message, cmp.Or(answer.State, "as it is")) // its state is not why
	}
	switch {
	case f.output.value == outputJSON:
		err = printJSON(cmd.OutOrStdout(), answered{request.App, request.Action, answer.State, answer.Message, answer.Code})
	case answer.Code != exitHealthy:
		_, err = fmt.Fprintln(cmd.ErrOrStderr(), "lockstep: "+text)
	default:
		_, err = fmt.Fprintln(cmd.OutOrStdout(), text)
	}
	if err == nil && answer.Code != exitHealthy {
		return exit(answer.Code)
	}
	return err
}
