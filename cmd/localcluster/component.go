package main

import (
	"fmt"
	"os"
	_ "time/tzdata" // CronJobs have time zones, the machine may have none

	"github.com/spf13/pflag"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/metrics/prometheus/clientgo" // the clients' metrics
	_ "k8s.io/component-base/metrics/prometheus/version"  // the version's metric
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kwokconfig "sigs.k8s.io/kwok/pkg/config"
	kwok "sigs.k8s.io/kwok/pkg/kwok/cmd"
	kwoklog "sigs.k8s.io/kwok/pkg/log"
	kwoksignals "sigs.k8s.io/kwok/pkg/utils/signals"

	"github.com/lockstep-dev/lockstep/cmd/localcluster/controlplane"
)

// components returns what runs each component with the flags in os.Args, and returns its exit code.
func components() map[string]func() int {
	return map[string]func() int{
		controlplane.Etcd:              runEtcd,
		controlplane.APIServer:         func() int { return cli.Run(apiserver.NewAPIServerCommand()) },
		controlplane.ControllerManager: func() int { return cli.Run(controllermanager.NewControllerManagerCommand()) },
		controlplane.Scheduler:         func() int { return cli.Run(scheduler.NewSchedulerCommand()) },
		controlplane.Kwok:              runKwok,
	}
}

func runEtcd() int {
	etcdmain.Main(os.Args)
	return 0
}

// runKwok reads kwok's flags twice, since its config file decides on the defaults of the flags of its cmd.
func runKwok() int {
	flags := pflag.NewFlagSet("global", pflag.ContinueOnError)
	flags.ParseErrorsAllowlist.UnknownFlags = true
	flags.Usage = func() {}
	ctx, _ := kwoklog.InitFlags(kwoksignals.SetupSignalContext(), flags)
	ctx, err := kwokconfig.InitFlags(ctx, flags)
	if err != nil {
		return fail(err)
	}
	forgetGlobalFlags()
	cmd := kwok.NewCommand(ctx)
	cmd.PersistentFlags().AddFlagSet(flags)
	if err := cmd.ExecuteContext(ctx); err != nil {
		return fail(err)
	}
	return 0
}

// forgetGlobalFlags drops the flags that packages of the Kubernetes components register for the whole program: cobra
// would add them to every command, and their --version is at odds with its own.
func forgetGlobalFlags() {
	pflag.CommandLine = pflag.NewFlagSet("localcluster", pflag.ContinueOnError)
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}
