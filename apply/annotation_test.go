package apply_test

import "testing"

func TestAnObjectThatIsOnlyToBePresentIsCreatedAndNeverChanged(t *testing.T) {
	const told = "configmap/settings skipped (lockstep.dev/ssa: if-not-present in git)"
	a := newApp(t)
	first := configMap("settings", "1", "lockstep.dev/ssa: if-not-present")
	a.mustSync([]string{"configmap/other created", "configmap/settings created"}, first, configMap("other", "1"))
	recorded := a.request.Recorded
	a.patch("settings", `{"data":{"key":"theirs"}}`)
	before := a.live("v1", "ConfigMap", "settings")
	a.mustSync([]string{"configmap/other unchanged", told}, configMap("settings", "2", "lockstep.dev/ssa: if-not-present"), configMap("other", "1"))
	if after := a.live("v1", "ConfigMap", "settings"); after.GetResourceVersion() != before.GetResourceVersion() {
		t.Errorf("it was written: %v", after.Object["data"])
	}
	a.request.Recorded = recorded // it is the app's still
	a.mustSync([]string{"configmap/other unchanged", "configmap/settings pruned"}, configMap("other", "1"))
}

func TestALiveObjectThatIsOnlyToBePresentIsNotChanged(t *testing.T) {
	a := newApp(t)
	a.mustSync([]string{"configmap/settings created"}, configMap("settings", "1"))
	a.patch("settings", `{"metadata":{"annotations":{"lockstep.dev/ssa":"if-not-present"}}}`)
	a.mustSync([]string{"configmap/settings skipped (lockstep.dev/ssa: if-not-present on the live object)"}, configMap("settings", "2"))
}

func TestAnObjectThatIsNotToBePrunedSaysSoInGit(t *testing.T) {
	a := newApp(t)
	kept := configMap("settings-1", "1", "lockstep.dev/prune: disabled")
	a.mustSync([]string{"configmap/settings-0 created", "configmap/settings-1 created"}, settings(1)[0], kept)
	a.mustSync([]string{
		"configmap/settings-0 unchanged",
		"configmap/settings-1 skipped (lockstep.dev/prune: disabled on the live object)",
	}, settings(1)...)
}
