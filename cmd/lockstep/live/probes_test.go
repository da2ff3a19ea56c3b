package live

import (
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/health/probe"
	"github.com/lockstep-dev/lockstep/sync/status"
)

func TestTheClosingLineSaysWhichPodsAnswered(t *testing.T) {
	app := status.New(web)
	app.Probes = []probe.Result{{Asked: 10, Answered: 10, Pods: []probe.Pod{{Name: "web-a", Answers: 6}, {Name: "web-b", Answers: 4}}}}
	if got := healthy(app, time.Time{}).text; !strings.HasSuffix(got, "; 10 of 10 requests answered: web-a 6, web-b 4") {
		t.Errorf("got %q", got)
	}
}
