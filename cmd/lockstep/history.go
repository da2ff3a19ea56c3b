package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

func newHistory() *cobra.Command {
	var f clusterFlags
	output := outputFlag{value: outputTable}
	cmd := &cobra.Command{
		Use:   "history APP",
		Short: "Show the commits that an app has come through, and which of them it can go back to",
		Long: `Shows the last commits of an app, the newest first, as they are on record in the cluster. No daemon needs to run.

A revision that is marked with * is kept as it was rendered: lockstep rollback APP --to REVISION brings it back without git,
and others as they are read from git.`,
		Args:              wants("one app", 1),
		ValidArgsFunction: f.complete,
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.history(cmd.Context(), cmd.OutOrStdout(), args[0], output.value)
		},
	}
	f.register(cmd)
	output.register(cmd, outputTable, outputJSON)
	return cmd
}

func (f *clusterFlags) history(ctx context.Context, out io.Writer, app, format string) error {
	store, err := f.records(ctx)
	if err != nil {
		return err
	}
	record, err := store.Load(ctx, app)
	if err != nil {
		return unreachable(err)
	}
	if record.IsNew() {
		return fmt.Errorf("no app %q is on record in namespace %s", app, f.stateNamespace)
	}
	history := sync.HistoryOf(record)
	if format == outputJSON {
		return printJSON(out, history)
	}
	return printHistory(out, history, time.Now())
}

func printHistory(out io.Writer, history sync.History, now time.Time) error {
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	_, _ = fmt.Fprintln(w, "REVISION\tSTATE\tWHEN\tTOOK\tOBJECTS\tAUTHOR\tMESSAGE")
	for _, c := range history.Commits {
		kept := ""
		if c.Kept {
			kept = " *"
		}
		state, objects := c.State, "-" // of one that was overtaken nobody has counted them
		if c.Objects > 0 {
			objects = strconv.Itoa(c.Objects)
		}
		if c.Reason != "" {
			state += " (" + c.Reason + ")"
		}
		_, _ = fmt.Fprintf(w, "%s%s\t%s\t%s ago\t%s\t%s\t%s\t%s\n", c.Revision, kept, state, ago(now.Sub(c.At)),
			status.Spell(time.Duration(c.MS)*time.Millisecond), objects, plain(c.Author), plain(c.Message))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if len(history.Commits) == 0 {
		_, err := fmt.Fprintln(out, "no commit has come to a verdict yet")
		return err
	}
	if history.Back != nil {
		_, err := fmt.Fprintln(out, "\n"+plain(history.Back.String()))
		return err
	}
	return nil
}

// ago spells how long ago something was, in the larger unit of the two, which is enough for a table.
func ago(d time.Duration) string {
	text := strings.Fields(status.Spell(max(0, d).Truncate(time.Second)))
	return text[0] + " " + text[1]
}

// plain is text without what a terminal would take for an order.
func plain(text string) string {
	return cmp.Or(strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return '·'
		}
		return r
	}, text), "-")
}

// historyOf reads the history of an app that a daemon keeps, by a store of its own: the daemon's is in use.
func (d *daemon) historyOf(ctx context.Context, app string) (any, error) {
	record, err := inventory.NewStore(d.client, d.namespace).Load(ctx, app)
	if err != nil {
		return nil, err
	}
	return sync.HistoryOf(record), nil
}
