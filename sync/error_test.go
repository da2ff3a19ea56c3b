package sync_test

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/health"
	"github.com/lockstep-dev/lockstep/sync"
)

var revision = git.Revision{Ref: "main", Hash: "3f2a1c9000000000000000000000000000000000"}

func TestAnErrorSaysWhatWhereAndWhatIsKept(t *testing.T) {
	err := &sync.Error{
		Step: sync.StepRead, App: "web", Revision: revision, Err: errors.New("web.yaml:7: duplicate key"),
		Kept: 2, At: git.Revision{Ref: "main", Hash: "1b2c3d4000000000000000000000000000000000"},
	}
	if want := "web @3f2a1c9 web.yaml:7: duplicate key; kept 2 objects at 1b2c3d4"; err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
}

func TestAnErrorIsOneLineOfAtMostAKibibyte(t *testing.T) {
	for _, cause := range []string{
		strings.Repeat("long ", 1000), strings.Repeat("é", 600), "two\n\n   lines", "\x1b[31mred\x1b[0m\r\x00", "\u009b31m",
	} {
		err := &sync.Error{Step: sync.StepPlan, App: "web", Revision: revision, Err: errors.New(cause), Kept: 3, At: revision}
		text := err.Error()
		if len(text) > 1024 || !utf8.ValidString(text) || !strings.HasSuffix(text, "; kept 3 objects at 3f2a1c9") {
			t.Errorf("%d bytes: %q", len(text), text)
		}
		if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }) {
			t.Errorf("control characters in %q", text)
		}
	}
}

func TestTheReasonTellsAClusterThatIsAwayFromOneThatRefuses(t *testing.T) {
	away := &url.Error{Op: "Get", URL: "https://127.0.0.1", Err: errors.New("connection refused")}
	unhealthy := &health.Failure{Report: &health.Report{Reason: health.Unschedulable}}
	for want, err := range map[string]*sync.Error{
		"ClusterUnreachable":   {Step: sync.StepLoad, Err: fmt.Errorf("load: %w", away)},
		"CredentialPlugin":     {Step: sync.StepLoad, Err: fmt.Errorf("load: %w", &url.Error{Op: "Get", Err: errors.New("getting credentials: exec: executable a failed with exit code 1")})},
		"PlanRefused":          {Step: sync.StepPlan, Err: errors.New("no")},
		"FetchFailed":          {Step: sync.StepFetch, Err: away},
		"BranchNotFound":       {Step: sync.StepFetch, Err: fmt.Errorf("x: %w", git.ErrBranchNotFound)},
		"CredentialsUnusable":  {Step: sync.StepFetch, Err: fmt.Errorf("x: %w", git.ErrCredentials)},
		"HostKeyMismatch":      {Step: sync.StepFetch, Err: fmt.Errorf("x: %w", git.ErrHostKey)},
		"RefNotFound":          {Step: sync.StepFetch, Err: fmt.Errorf("x: %w", git.ErrRefNotFound)},
		"SignatureRefused":     {Step: sync.StepFetch, Err: fmt.Errorf("x: %w", git.ErrSignature)},
		"RepositoryIncomplete": {Step: sync.StepRead, Err: git.ErrCorrupt},
		"CopyNotWritable":      {Step: sync.StepFetch, Err: fmt.Errorf("x: %w", git.ErrCache)},
		"RepositoryTooLarge":   {Step: sync.StepFetch, Err: fmt.Errorf("x: %w", git.ErrTooLarge)},
		"ManifestInvalid":      {Step: sync.StepRead, Err: fmt.Errorf("x: %w", git.ErrTooLarge)},
		"NameTaken":            {Step: sync.StepLoad, Err: sync.ErrNameTaken},
		"AnotherDaemon":        {Step: sync.StepSave, Err: inventory.ErrConflict},
		"NamespaceMissing":     {Step: sync.StepPlan, Err: apply.Errors{{Err: &apply.NamespaceError{Name: "x"}}}},
		"CredentialsRefused":   {Step: sync.StepLoad, Err: apierrors.NewUnauthorized("no")},
		"PruneBlocked":         {Step: sync.StepPlan, Err: &apply.Blocked{}},
		"Unschedulable":        {Step: sync.StepGate, Err: unhealthy},
		"GateFailed":           {Step: sync.StepGate, Err: errors.New("forbidden")},
	} {
		if got := err.Reason(); got != want {
			t.Errorf("%v: %s, want %s", err.Err, got, want)
		}
	}
}

func TestAPathThatIsGoneBlocksOnlyAnAppThatHasObjects(t *testing.T) {
	for _, cause := range []error{git.ErrPathNotFound, sync.ErrNoManifests} {
		if state := (&sync.Error{Step: sync.StepRead, Err: cause}).State(); state != sync.Failed {
			t.Errorf("%v on a new app: %s", cause, state)
		}
		if state := (&sync.Error{Step: sync.StepRead, Err: cause, Kept: 2}).State(); state != sync.Blocked {
			t.Errorf("%v on one with objects: %s", cause, state)
		}
	}
}
