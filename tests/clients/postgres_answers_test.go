package clients

import (
	"context"
	"database/sql"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	understudy "github.com/understudy-go/understudy/api"
)

const uniqueViolation = "23505"

// answered is one rule for a breaker and a retry: what PostgreSQL answers because of what
// it was asked says that it works.
func answered(err error) understudy.Outcome {
	var answer *pgconn.PgError
	if err == nil || errors.Is(err, sql.ErrNoRows) || errors.As(err, &answer) && answer.Code == uniqueViolation {
		return understudy.Success
	}
	return understudy.Failure
}

// Promise (Clients): One Classify serves a breaker and a retry: what is no failure is not retried, and comes back as it is.
func TestAnswersOfPostgresAreNotRetried(t *testing.T) {
	db, s := openPostgres(t, ""), start(t)
	db.SetMaxOpenConns(1) // so that all queries see the temporary table
	_, err := db.ExecContext(t.Context(), "CREATE TEMPORARY TABLE names (name text PRIMARY KEY)")
	require.NoError(t, err)
	b := breaker(t, s, understudy.BreakerConfig{Classify: answered})
	retry, err := s.Retry("postgres", understudy.RetryConfig{InitialDelay: 1, Classify: answered})
	require.NoError(t, err)
	policy := understudy.Compose(retry, b)

	_, err = understudy.Do(t.Context(), policy, func(ctx context.Context) (name string, err error) {
		err = db.QueryRowContext(ctx, "SELECT name FROM names").Scan(&name)
		return name, err
	})
	require.True(t, err == sql.ErrNoRows, "as it is, not wrapped: %v", err)

	insert := func(ctx context.Context) error {
		_, err := db.ExecContext(ctx, "INSERT INTO names VALUES ('ann')")
		return err
	}
	require.NoError(t, understudy.Run(t.Context(), policy, insert))
	err = understudy.Run(t.Context(), policy, insert)
	requireCode(t, uniqueViolation, err)
	require.NotErrorIs(t, err, understudy.ErrExhausted)

	stats := counts(t, b)
	require.Equal(t, []uint64{3, 0}, []uint64{stats.Successes, stats.Failures})
	statement := func(ctx context.Context) error { _, err := db.ExecContext(ctx, "SELEC"); return err }
	require.ErrorIs(t, understudy.Run(t.Context(), policy, statement), understudy.ErrExhausted, "what is a failure is retried")
}

// Promise (Clients): Rows that PostgreSQL does not have close a half-open circuit, where sql.ErrNoRows is expected.
func TestNoRowsCloseTheCircuit(t *testing.T) {
	db, s := openPostgres(t, ""), start(t)
	b := breaker(t, s, understudy.BreakerConfig{ResetTimeout: 1, Expected: []error{sql.ErrNoRows}})
	query := func(sql string) func(context.Context) error {
		return func(ctx context.Context) error { var one int; return db.QueryRowContext(ctx, sql).Scan(&one) }
	}
	halfOpen := reaches(t, s, understudy.HalfOpen)
	for range 3 {
		require.Error(t, b.Run(t.Context(), query("SELEC")))
	}
	<-halfOpen
	for range 3 {
		require.True(t, sql.ErrNoRows == b.Run(t.Context(), query("SELECT 1 WHERE false")))
	}
	require.Equal(t, understudy.Closed, b.State())
}
