package command

import (
	"runtime/debug"

	"k8s.io/component-base/version"

	"github.com/lockstep-dev/lockstep/cmd/localcluster/controlplane"
)

func kubernetesVersion() string { return version.Get().GitVersion }

// componentVersion returns the version of the module that a component was built from.
func componentVersion(component string) string {
	switch component {
	case controlplane.Etcd:
		return moduleVersion("go.etcd.io/etcd/server/v3")
	case controlplane.Kwok:
		return moduleVersion("sigs.k8s.io/kwok")
	default:
		return kubernetesVersion()
	}
}

func moduleVersion(path string) string {
	info, _ := debug.ReadBuildInfo()
	if info == nil {
		return "unknown"
	}
	for _, module := range info.Deps {
		if module.Path == path {
			return module.Version
		}
	}
	return "unknown"
}
