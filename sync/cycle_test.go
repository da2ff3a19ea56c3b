package sync_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

func TestAppsThatWaitForThemselvesByWayOfAFolderAreTold(t *testing.T) {
	s := newFleetStage(t)
	db, set := s.named("db"), s.perFolder(true)
	web := s.named("web").Name
	db.Path, db.DependsOn = "db", []string{web}
	set.App.DependsOn = []string{db.Name}
	s.apps, s.sets = []sync.App{db}, []sync.Set{set}
	s.repo.Write("db/settings.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: db}\n")
	s.folder("other")
	s.commit()
	s.run()
	s.told("db", "waiting", func(app status.App) bool { return app.State == sync.Pending && app.Reason == "DependencyNotReady" })
	s.folder("web")
	s.commit()
	for name, way := range map[string]string{"db": db.Name + " → " + web + " → " + db.Name, "web": web + " → " + db.Name + " → " + web} {
		s.told(name, "told", func(app status.App) bool {
			return app.State == sync.Blocked && app.Reason == "DependencyCycle" && strings.Contains(app.Message, "waits for itself: "+way)
		})
	}
	s.told("other", "waiting", func(app status.App) bool { return strings.Contains(app.Message, "which is Blocked") })
	s.apps[0].DependsOn = nil
	s.tell()
	s.live(3, "db", "other", "web")
}

func TestALongCycleIsShortened(t *testing.T) {
	waits := map[string][]string{"outside": {"a0", "nobody"}}
	for i := range 20 {
		waits[fmt.Sprintf("a%d", i)] = []string{fmt.Sprintf("a%d", (i+1)%20)}
	}
	cycles := sync.Cycles(waits)
	if got := cycles["a0"]; got != "a0 → a1 → a2 → a3 → a4 → a5 → a6 → a7 → a8 → a9 → ... → a0" {
		t.Error(got)
	}
	if cycles["outside"] != "" || len(cycles) != 20 {
		t.Errorf("cycles %v", cycles)
	}
}
