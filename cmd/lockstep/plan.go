package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/lockstep-dev/lockstep/sync"
)

// planFlags are the flags of plan.
type planFlags struct {
	sourceFlags
	config  string
	folders []string
	output  outputFlag
}

func newPlan() *cobra.Command {
	f := planFlags{output: outputFlag{value: outputText}}
	cmd := &cobra.Command{
		Use:   "plan {--repo URL|DIR | --config FILE [APP...]} [--folder DIR]",
		Short: "Show what a run would change, field by field, and change nothing",
		Long: `Asks the API server, in a dry run, what it would make of the branch's head; with --folder, of the files in a
folder as they are there, committed or not. It is compared with what the app of that name has applied, and needs
no right but to read and to rehearse. Values of Secrets are only said to differ or to be equal.

Exit codes: 0 nothing would change, 2 something would, 1 error.`,
		Example: `  lockstep plan --repo . --branch feature --path manifests
  lockstep plan --repo https://git.example.com/team/shop.git --folder . --path manifests/web --context prod -o markdown
  lockstep plan --config lockstep.yaml --folder shop=. web`,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), cmd, args) },
	}
	f.register(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.config, "config", "", "config file: plan all of its apps, or those that are named, instead of --repo")
	flags.StringArrayVar(&f.folders, "folder", nil,
		"plan the files of this folder in place of the branch's head; with --config and several repositories NAME=DIR for each")
	f.output.register(cmd, outputText, outputJSON, outputMarkdown)
	return cmd
}

func (f *planFlags) check(cmd *cobra.Command, args []string) error {
	switch {
	case f.config != "":
		return cmp.Or(besideConfig(cmd), f.checkCluster())
	case f.repo == "":
		return errors.New("want --repo for one app, or --config for many")
	case len(args) > 0:
		return fmt.Errorf("%q: apps are named with --config; with --repo the app is that of --name", args[0])
	case len(f.folders) > 1:
		return errors.New("--folder: want one with --repo")
	case len(f.folders) == 1:
		err := beside(cmd, "folder", "its files are planned whatever they are of", append([]string{"branch", "verify-keys"}, insteadOfBranch...)...)
		if err != nil {
			return err
		}
	}
	return f.checkRef(cmd)
}

func (f *planFlags) run(ctx context.Context, cmd *cobra.Command, args []string) error {
	if err := f.check(cmd, args); err != nil {
		return err
	}
	apps, problems, err := f.apps(ctx)
	if err != nil {
		return err
	}
	defer apps.close()
	wanted, err := apps.only(args, problems)
	if err != nil {
		return err
	}
	p, err := f.connect(ctx)
	if err != nil {
		return err
	}
	finish := p.show(ctx, cmd.ErrOrStderr(), apps.count(wanted))
	planned := sync.PlanAll(ctx, p.wire(apps), wanted, p.done)
	finish()
	if err := unended(ctx); err != nil {
		return err
	}
	report := reportOf(p.name, f.config != "", apps, planned)
	report.Problems = problems
	if err := report.print(cmd.OutOrStdout(), f.output.value); err != nil {
		return err
	}
	return report.verdict(cmd.ErrOrStderr())
}

// unended returns why ctx has ended, nil when it has not.
func unended(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// verdict tells all that is wrong, a line each, and returns the exit code as an error.
func (r *planReport) verdict(stderr io.Writer) error {
	wrong := r.wrong()
	for _, line := range wrong {
		if _, err := fmt.Fprintln(stderr, "lockstep: "+line); err != nil {
			return err
		}
	}
	switch {
	case len(wrong) > 0:
		return exit(exitError)
	case r.total().writes() > 0:
		return exit(exitChanges)
	}
	return nil
}
