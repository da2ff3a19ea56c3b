package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/lockstep-dev/lockstep/apply/manifest"
	"github.com/lockstep-dev/lockstep/sync"
)

const outputYAML = "yaml"

// rbacFlags are the flags of rbac: those that say which apps are meant are plan's.
type rbacFlags struct {
	planFlags
	account               string
	state, explain, lists bool
}

func newRBAC() *cobra.Command {
	f := rbacFlags{planFlags: planFlags{output: outputFlag{value: outputYAML}}}
	cmd := &cobra.Command{
		Use:   "rbac {--repo URL|DIR | --config FILE [APP...]} [--folder DIR]",
		Short: "Print the least rights that the apps need: Roles, and what binds them",
		Long: `Reads the manifests of the apps, and prints a Role for each namespace that they are in, and a ClusterRole only for
objects that are in none. Nothing is written; the cluster is asked which kinds it has. What another kind needs is known
when it is in the manifests: run it again, and apply what it prints, before a commit that brings one.`,
		Example: `  lockstep rbac --repo . --path manifests -n shop | kubectl apply -f -
  lockstep rbac --config lockstep.yaml --context prod --explain -o json`,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), cmd, args) },
	}
	f.register(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.config, "config", "", "config file: all of its apps, or those that are named, instead of --repo")
	flags.StringArrayVar(&f.folders, "folder", nil,
		"read the files of this folder in place of the branch's head; with --config and several repositories NAME=DIR for each")
	flags.StringVar(&f.account, "service-account", "lockstep", "ServiceAccount of the daemon, in --state-namespace")
	flags.BoolVar(&f.state, "state", true, "also what the daemon needs for its own records, in --state-namespace")
	flags.BoolVar(&f.explain, "explain", false, "also what says why something does not serve: events, claims, Jobs, logs; and to write events")
	flags.BoolVar(&f.lists, "list", false, "also reads of the same kinds in the whole cluster, so that unchanged objects cost no call")
	f.output.register(cmd, outputYAML, outputJSON)
	return cmd
}

func (f *rbacFlags) run(ctx context.Context, cmd *cobra.Command, args []string) error {
	if err := f.check(cmd, args); err != nil {
		return err
	}
	if reasons := validation.IsDNS1123Subdomain(f.account); len(reasons) > 0 {
		return fmt.Errorf("--service-account %q is no ServiceAccount's name", f.account)
	}
	apps, problems, err := f.apps(ctx)
	if err != nil {
		return err
	}
	defer apps.close()
	if len(problems) > 0 { // rights of some of the apps would look like those of all
		return errors.New(strings.Join(problems, "; "))
	}
	wanted, err := apps.only(args, nil)
	if err != nil {
		return err
	}
	rights, err := f.rights(ctx, apps, wanted)
	if err != nil {
		return err
	}
	for _, namespace := range rights.brings() {
		cmd.PrintErrf("lockstep: namespace %s, which the manifests bring, has to be there before its Role: kubectl create namespace %s\n", namespace, namespace)
	}
	return printRoles(cmd.OutOrStdout(), f.output.value, rights.objects())
}

// rights collects what all apps need.
func (f *rbacFlags) rights(ctx context.Context, apps *planApps, wanted func(sync.App) bool) (*rights, error) {
	p, err := f.connect(ctx)
	if err != nil {
		return nil, err
	}
	r := newRights(p.client.RESTMapper(), types.NamespacedName{Namespace: f.stateNamespace, Name: f.account})
	r.explain, r.lists = f.explain, f.lists
	read := map[string][]manifest.Manifest{}
	for _, app := range apps.apps {
		if !wanted(app) {
			continue
		}
		if read[app.Name], err = manifestsOf(ctx, app, apps.of[app.Name]); err != nil {
			return nil, fmt.Errorf("app %s: %w", app.Name, err)
		}
		r.learn(app, read[app.Name])
	}
	for _, app := range apps.apps { // once all kinds are known that any of them brings
		if !wanted(app) {
			continue
		}
		if err := r.add(app, read[app.Name]); err != nil {
			return nil, fmt.Errorf("app %s: %w", app.Name, err)
		}
	}
	if f.state {
		r.addState()
	}
	return r, nil
}

// manifestsOf reads the manifests of an app as a pass does.
func manifestsOf(ctx context.Context, app sync.App, from sync.Source) ([]manifest.Manifest, error) {
	snapshot, err := from.Fetch(ctx)
	if err != nil {
		return nil, err
	}
	root := snapshot.Until(ctx).Root()
	defer func() { _ = root.Close() }() // it only lets go of files
	set, err := manifest.Load(ctx, root, app.Path, manifest.Options{Vars: app.Vars})
	if broken := root.Err(); broken != nil {
		return nil, broken
	}
	return set.Manifests, err
}
