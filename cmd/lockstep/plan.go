package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/object"
)

func newPlan() *cobra.Command {
	var f sourceFlags
	output := outputFlag{value: outputText}
	cmd := &cobra.Command{
		Use:   "plan --repo URL|DIR",
		Short: "Show what a run would change, and change nothing",
		Long: `Asks the API server, in a dry run, what it would make of the branch's head.

Exit codes: 0 nothing would change, 2 something would, 1 error.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.plan(cmd.Context(), cmd.OutOrStdout(), output) },
	}
	f.register(cmd)
	_ = cmd.MarkFlagRequired("repo")
	output.register(cmd, outputText, outputJSON)
	return cmd
}

func (f *sourceFlags) plan(ctx context.Context, out io.Writer, output outputFlag) error {
	d, err := f.wire(ctx, zap.NewNop())
	if err != nil {
		return err
	}
	defer d.close()
	reconciler, err := d.single()
	if err != nil {
		return err
	}
	plan, err := reconciler.Plan(ctx)
	if err != nil {
		return err
	}
	if output.value == outputJSON {
		err = json.NewEncoder(out).Encode(describe(plan))
	} else {
		err = printPlan(out, plan)
	}
	if err == nil && plan.Writes() > 0 {
		err = exit(exitChanges)
	}
	return err
}

// plannedChange is one object in the JSON of a plan.
type plannedChange struct {
	Object object.ID     `json:"object"`
	Action apply.Action  `json:"action"`
	Fields []apply.Field `json:"fields,omitempty"`
	File   string        `json:"file,omitempty"`
	Line   int           `json:"line,omitempty"`
	Why    string        `json:"why,omitempty"`
}

func describe(plan *apply.Plan) []plannedChange {
	all := []plannedChange{}
	for _, c := range plan.All() {
		all = append(all, plannedChange{Object: c.ID, Action: c.Action, Fields: c.Fields, File: c.File, Line: c.Line, Why: c.Why})
	}
	return all
}

func printPlan(out io.Writer, plan *apply.Plan) error {
	for _, warning := range plan.Warnings {
		if _, err := fmt.Fprintln(out, "warning: "+warning); err != nil {
			return err
		}
	}
	for _, c := range plan.All() {
		if c.Action == apply.Unchanged {
			continue
		}
		if _, err := fmt.Fprintln(out, c.String()); err != nil {
			return err
		}
		if c.Action != apply.Configured {
			continue
		}
		for _, field := range c.Fields {
			if _, err := fmt.Fprintln(out, "  "+field.String()); err != nil {
				return err
			}
		}
	}
	_, err := fmt.Fprintf(out, "%d of %d objects would change\n", plan.Writes(), len(plan.All()))
	return err
}
