package clustertest_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
)

// vainEnv makes the test below the one that waits for what never comes.
const vainEnv = "CLUSTERTEST_VAIN"

func TestWaitingInVainSaysWhatForAndWhatWasSeenLast(t *testing.T) {
	if os.Getenv(vainEnv) != "" {
		clustertest.Eventually(t, "the fourth pod", func(context.Context) (bool, string) { return false, "3 pods" })
		return
	}
	// The wait ends with the context of the test or just before its deadline, which is soon.
	cmd := exec.Command(os.Args[0], "-test.timeout=6s", "-test.run=^TestWaitingInVainSaysWhatForAndWhatWasSeenLast$")
	cmd.Env = append(os.Environ(), vainEnv+"=yes")
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "waited in vain for the fourth pod; last seen: 3 pods") {
		t.Errorf("%v:\n%s", err, out)
	}
}

func TestAWaitEndsWhenItsConditionHolds(t *testing.T) {
	calls := 0
	clustertest.Eventually(t, "the third call", func(ctx context.Context) (bool, string) {
		if _, limited := ctx.Deadline(); !limited {
			t.Error("the condition may hang for ever")
		}
		calls++
		return calls == 3, ""
	})
	if calls != 3 {
		t.Errorf("%d calls", calls)
	}
}
