package health_test

import (
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/health"
)

func TestTheEventsOfAPodThatWasAppliedAsSuchAreTold(t *testing.T) {
	c := newCluster(t)
	pods := c.apply(unstructuredOf(t, map[string]any{
		"apiVersion": "v1", "kind": "Pod",
		"metadata": map[string]any{"name": "alone", "namespace": c.namespace},
		"spec":     map[string]any{"schedulerName": "nobody", "containers": containerOf(nil)},
	}))
	words := `MountVolume.SetUp failed for volume "config" : configmap "web-settings" not found`
	c.says(pods[0], "FailedMount", words, 3, 10*time.Second)
	c.told(pods, health.ConfigMissing, words)
}
