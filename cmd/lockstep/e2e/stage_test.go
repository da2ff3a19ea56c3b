package e2e

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/git/gittest"
)

// stage is one app: a namespace, and a repository with the manifests of testdata/web.
type stage struct {
	*world
	t         *testing.T
	namespace string
	repo      *gittest.Repo
}

// edit replaces one text by another, which must be there once, in a file of the manifests. Without old the file is new.
type edit struct{ file, old, new string }

func newStage(t *testing.T) *stage {
	t.Helper()
	w := aCluster(t)
	lockstep(t) // built before any time is taken
	s := &stage{world: w, t: t, namespace: w.namespace(t), repo: gittest.New(t)}
	must(t, os.CopyFS(filepath.Join(s.repo.Dir, "manifests"), os.DirFS(filepath.Join("testdata", "web"))))
	s.edit(edit{"web-deployment", "IMAGE", *image})
	return s
}

// namespace makes a namespace, which is deleted when the test ends.
func (w *world) namespace(t *testing.T) string {
	t.Helper()
	name := strings.Trim(regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.ToLower(t.Name()), "-"), "-")
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "lockstep-" + name[:min(len(name), 40)] + "-"}}
	must(t, w.client.Create(t.Context(), ns))
	t.Cleanup(func() {
		// The test's own context has ended by now.
		if err := client.IgnoreNotFound(w.client.Delete(context.Background(), ns)); err != nil {
			t.Errorf("delete namespace: %v", err)
		}
	})
	return ns.Name
}

// edit changes the manifests as somebody with an editor does.
func (s *stage) edit(edits ...edit) {
	s.t.Helper()
	for _, e := range edits {
		name := filepath.Join("manifests", e.file+".yaml")
		if e.old == "" {
			s.repo.Write(name, e.new)
			continue
		}
		text, err := os.ReadFile(filepath.Join(s.repo.Dir, name))
		must(s.t, err)
		if strings.Count(string(text), e.old) != 1 {
			s.t.Fatalf("%s has not one %q:\n%s", name, e.old, text)
		}
		s.repo.Write(name, strings.Replace(string(text), e.old, e.new, 1))
	}
}

// commit makes edits and commits them, and returns when it began to.
func (s *stage) commit(message string, edits ...edit) time.Time {
	s.t.Helper()
	s.edit(edits...)
	began := time.Now()
	s.repo.Commit(message)
	return began
}

// pods are those of the stage that run and are not on their way out.
func (s *stage) pods(ctx context.Context) []corev1.Pod {
	s.t.Helper()
	var list corev1.PodList
	must(s.t, s.client.List(ctx, &list, client.InNamespace(s.namespace)))
	running := list.Items[:0]
	for _, pod := range list.Items {
		if pod.DeletionTimestamp == nil && pod.Status.Phase == corev1.PodRunning {
			running = append(running, pod)
		}
	}
	return running
}
