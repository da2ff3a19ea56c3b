package sync_test

import (
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
