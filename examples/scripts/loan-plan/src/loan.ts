// A loan that is paid back in equal parts, month by month.
export interface Loan {
  amount: number;
  /** A year's. */
  ratePercent: number;
  years: number;
}

export interface Year {
  year: number;
  interest: number;
  left: number;
}

const monthlyRate = ({ ratePercent }: Loan): number => ratePercent / 100 / 12;

export function monthlyPayment(loan: Loan): number {
  const rate = monthlyRate(loan);
  return (loan.amount * rate) / (1 - (1 + rate) ** (-12 * loan.years));
}

export function* yearsOf(loan: Loan): Generator<Year> {
  const payment = monthlyPayment(loan);
  let left = loan.amount;
  for (let year = 1; year <= loan.years; year += 1) {
    let interest = 0;
    for (let month = 0; month < 12; month += 1) {
      const due = left * monthlyRate(loan);
      interest += due;
      left += due - payment;
    }
    yield { year, interest, left };
  }
}
