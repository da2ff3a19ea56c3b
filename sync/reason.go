package sync

import (
	"errors"
	"net/url"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/health"
)

// Reason is why, in one word, for scripts and labels: the health's reason when the gate failed, one for each cause that
// is known, otherwise the step's.
func (e *Error) Reason() string {
	if rolledBack, ok := errors.AsType[*RolledBackError](e.Err); ok {
		return rolledBack.Back.Reason
	}
	if failure, ok := errors.AsType[*health.Failure](e.Err); ok {
		return string(failure.Report.Reason)
	}
	if _, ok := errors.AsType[*apply.NamespaceError](e.Err); ok {
		return "NamespaceMissing"
	}
	if e.Step == StepFetch && errors.Is(e.Err, git.ErrTooLarge) { // of a file that is, its author is told at another step
		return "RepositoryTooLarge"
	}
	for _, known := range causes {
		if errors.Is(e.Err, known.err) {
			return known.reason
		}
	}
	switch {
	case e.State() == Blocked:
		return "PruneBlocked"
	case apierrors.IsUnauthorized(e.Err):
		return "CredentialsRefused"
	case e.Step != StepFetch && isPlugin(e.Err):
		return "CredentialPlugin"
	case e.Step != StepFetch && isNetwork(e.Err):
		return "ClusterUnreachable"
	default:
		return reasons[e.Step]
	}
}

// causes are the errors that have a reason of their own, whatever the step.
var causes = []struct {
	err    error
	reason string
}{
	{git.ErrBranchNotFound, "BranchNotFound"},
	{git.ErrRefNotFound, "RefNotFound"},
	{git.ErrSignature, "SignatureRefused"},
	{git.ErrNoCommits, "NoCommits"},
	{git.ErrNotFound, "RepositoryNotFound"},
	{git.ErrAuth, "AuthenticationFailed"},
	{git.ErrCredentials, "CredentialsUnusable"},
	{git.ErrHostKey, "HostKeyMismatch"},
	{git.ErrUnavailable, "RepositoryUnreachable"},
	{git.ErrCache, "CopyNotWritable"},
	{git.ErrCorrupt, "RepositoryIncomplete"},
	{git.ErrUnsupported, "RepositoryUnsupported"},
	{ErrNameTaken, "NameTaken"},
	{ErrCycle, "DependencyCycle"},
	{inventory.ErrConflict, "AnotherDaemon"},
}

// reasons are those of the steps, for what else may go wrong in them.
var reasons = map[Step]string{
	StepFetch: "FetchFailed", StepRead: "ManifestInvalid", StepLoad: "InventoryUnreadable", StepPlan: "PlanRefused",
	StepApply: "ApplyFailed", StepGate: "GateFailed", StepPrune: "PruneFailed", StepSave: "InventoryUnwritable",
}

// isPlugin reports whether a kubeconfig's program for credentials has failed, for which the library has no type.
func isPlugin(err error) bool {
	e, ok := errors.AsType[*url.Error](err)
	return ok && strings.HasPrefix(e.Err.Error(), "getting credentials: ")
}

// isNetwork reports whether err says that a server could not be asked, in contrast to that it refused.
func isNetwork(err error) bool {
	_, ok := errors.AsType[*url.Error](err)
	return ok
}
