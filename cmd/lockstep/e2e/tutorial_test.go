package e2e

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// TestTutorial is the README's story, from the first commit to a bad image and back, under requests without a pause.
func TestTutorial(t *testing.T) {
	s := newStage(t)
	since := s.commit("Serve from one pod")
	d := s.start("--timeout", "2m")
	d.healthy()
	s.figure("first commit, one pod", since, nil)
	l := s.send()
	l.until("an answer", func(seen tally) bool { return len(seen.pods) > 0 })

	steps := []struct {
		name string
		run  func(*testing.T, *daemon, *load)
	}{
		{"1 to 3", scale},
		{"a pod is deleted", lose},
		{"a newer version", renew},
		{"an image that is not there", mistake},
	}
	for _, step := range steps {
		if !t.Run(step.name, func(t *testing.T) { step.run(t, d, l) }) {
			return
		}
	}
}

// allAnswer waits until the stage has three pods and each has answered since the last reset.
func allAnswer(d *daemon, l *load) {
	d.t.Helper()
	clustertest.Eventually(d.t, "answers of three pods", func(ctx context.Context) (bool, string) {
		var names []string
		for _, pod := range d.pods(ctx) {
			names = append(names, pod.Name)
		}
		seen := l.peek()
		for _, name := range names {
			if seen.pods[name] == 0 {
				return false, fmt.Sprintf("pods %v, %+v", names, seen)
			}
		}
		return len(names) == 3, fmt.Sprintf("pods %v, %+v", names, seen)
	})
}

func scale(t *testing.T, d *daemon, l *load) {
	l.reset()
	since := d.commit("Serve from three pods", edit{"web-deployment", "replicas: 1", "replicas: 3"})
	app := d.healthy()
	d.figure("1 to 3, healthy", since, nil)
	allAnswer(d, l)
	l.unbroken("1 to 3, all answer", since)
	if app.Services[0].EndpointsReady != 3 || app.Services[0].EndpointsExpected != 3 {
		t.Errorf("services are %+v, want 3 of 3 endpoints", app.Services)
	}
	d.told(`Healthy.*serving from 3 pods`)
	nodes := map[string]bool{}
	for _, pod := range d.pods(t.Context()) {
		nodes[pod.Spec.NodeName] = true
	}
	warned := slices.ContainsFunc(app.Warnings, func(text string) bool { return strings.Contains(text, "run on node ") })
	if warned != (len(nodes) == 1) {
		t.Errorf("warnings are %q, with pods on the nodes %v", app.Warnings, slices.Collect(maps.Keys(nodes)))
	}
	d.keep("healthy")
}

// lose deletes a pod as a node that goes down in order does.
func lose(t *testing.T, d *daemon, l *load) {
	l.reset()
	victim := d.pods(t.Context())[0]
	since := time.Now()
	must(t, d.client.Delete(t.Context(), &victim))
	d.await("the app noticing", func(app status.App) bool { return app.State == "Progressing" })
	d.figure("a pod deleted, noticed", since, nil)
	d.healthy()
	d.figure("a pod deleted, healthy again", since, nil)
	allAnswer(d, l)
	gone(t, d, &victim)
	l.unbroken("a pod deleted, until it is gone", since)
}

// gone waits until a pod is no more: requests may still have reached it.
func gone(t *testing.T, d *daemon, pod *corev1.Pod) {
	clustertest.Eventually(t, pod.Name+" to be gone", func(ctx context.Context) (bool, string) {
		err := d.client.Get(ctx, client.ObjectKeyFromObject(pod), &corev1.Pod{})
		return client.IgnoreNotFound(err) == nil && err != nil, fmt.Sprint(err)
	})
}

func renew(t *testing.T, d *daemon, l *load) {
	old := d.pods(t.Context())
	l.reset()
	since := d.commit("Renew the server", edit{"web-deployment", *image, *next})
	app := d.healthy()
	d.figure("newer version, healthy", since, nil)
	for i := range old {
		gone(t, d, &old[i])
	}
	allAnswer(d, l)
	seen := l.unbroken("newer version, old pods gone", since)
	if len(seen.versions) != 2 {
		t.Errorf("versions were %v, want two", seen.versions)
	}
	if app.Services[0].EndpointsReady != 3 {
		t.Errorf("services are %+v, want 3 endpoints", app.Services)
	}
	l.until("answers", func(seen tally) bool { return seen.asked > 20 })
	if seen := l.peek(); len(seen.versions) != 1 {
		t.Errorf("versions are %v afterwards, want one", seen.versions)
	}
}

// mistake commits an image that is not there. The old pods go on serving, and it is said at once what is wrong.
func mistake(t *testing.T, d *daemon, l *load) {
	l.reset()
	since := d.commit("Mistype the image", edit{"web-deployment", *next, *missing})
	app := d.await("the reason", func(app status.App) bool { return app.Reason == "ImagePull" })
	d.figure("missing image, reason", since, nil)
	if !strings.Contains(app.Message, *missing) {
		t.Errorf("message is %q, want the registry's words about %s", app.Message, *missing)
	}
	if app.Services[0].EndpointsReady != 3 {
		t.Errorf("services are %+v, want the 3 old endpoints", app.Services)
	}
	d.told(`ImagePull`)
	d.keep("missing-image-with-old-pods")
	since = d.commit("Go back to the image that is there", edit{"web-deployment", *missing, *next})
	d.healthy()
	l.unbroken("missing image, back by a commit", since)
}
